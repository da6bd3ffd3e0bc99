"""The folder of an audit: whose it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from vtviz.audit.requests import About
from vtviz.audit.settings import Settings
from vtviz.files import JSON_BYTES, parse_json, read_bytes, write_atomically
from vtviz.inputs import InputError
from vtviz.manifests.read import Manifest

RUN = "audit.json"


def claim_folder(folder: Path, manifest: Manifest, settings: Settings, models: Sequence[About]) -> None:
    """Notes in a folder whose audit it holds, so that only the same audit goes on there.

    Raises:
        InputError: if it holds another one.
    """
    mine = {
        "manifest_sha256": manifest.sha256,
        "settings": settings.to_dict(),
        "weights_sha256": [model.weights_sha256 for model in models],
    }
    file = folder / RUN
    if file.is_file():
        try:
            theirs = parse_json(read_bytes(file, JSON_BYTES).decode())
        except ValueError:
            theirs = None
        if theirs != mine:
            raise InputError(
                "The folder {folder} contains an audit with different inputs or settings; choose another folder.",
                folder=folder,
            )
    else:
        write_atomically(file, json.dumps(mine, indent=2).encode())
