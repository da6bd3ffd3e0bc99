"""What an audit keeps beside its rows so that it is measured once, and the photos that it is measured on."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from vtviz.files import JSON_BYTES, parse_json, read_bytes
from vtviz.inputs import ImageInput, InputError
from vtviz.manifests.read import Row


def found_before(file: Path, made_of: str, digest: str) -> dict[str, Any]:
    """What a file says was found, where its entry ``made_of`` is ``digest``; nothing where it is damaged, or found on
    other photos or texts."""
    if not file.is_file():
        return {}
    try:
        kept = parse_json(read_bytes(file, JSON_BYTES).decode())
    except (OSError, ValueError):
        return {}
    found = kept.get("found") if isinstance(kept, dict) and kept.get(made_of) == digest else None
    return found if isinstance(found, dict) else {}


def photo_of_row(row: Row, purpose: str) -> ImageInput | None:
    """The photo of a row that was measured; None where it is gone since, which the log says."""
    try:
        return row.photo()
    except InputError as error:
        logging.getLogger("vtviz").warning("row %d is left out of the %s: %s", row.number, purpose, error)
        return None
