"""A manifest and photos as a browser sends them, as files that an audit can read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

from vtviz.audit.manifest import read_manifest
from vtviz.files import reason
from vtviz.inputs import InputError

Upload = tuple[str, bytes]  # name and bytes


def save_uploads(folder: Path, manifest: Upload, photos: Iterable[Upload]) -> Path:
    """Writes a manifest and its photos to a folder; returns the path of the manifest.

    A browser sends photos without their folders, so each goes where the manifest looks for a file of its name.

    Raises:
        InputError: if the manifest cannot be used, leads out of the folder, or photos are missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ("manifest" + Path(manifest[0]).suffix.lower())
    path.write_bytes(manifest[1])
    wanted: dict[str, Path] = {}
    for row in read_manifest(path).rows:
        place = row.image.relative_to(folder) if row.image.is_relative_to(folder) else None
        if place is None or ".." in place.parts:
            raise InputError(
                "The photo in row {number} of the manifest lies outside the manifest's folder; use a path inside it.",
                number=row.number,
            )
        photo = PureWindowsPath(place.name).name  # which splits at both kinds of slashes
        if wanted.setdefault(photo, row.image) != row.image:
            raise InputError("Two photos in the manifest are called {name}; give each its own name.", name=photo)
    for name, data in photos:
        target = wanted.pop(PurePosixPath(name).name, None)
        if target is not None:
            _save(target, name, data)
    if wanted:
        first = min(wanted)
        raise InputError(
            "Photos named in the manifest were not uploaded: {count}, for example {name}. Upload them too.",
            count=len(wanted),
            name=first,
        )
    return path


def _save(path: Path, name: str, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except (OSError, ValueError) as error:
        raise InputError(
            "The photo {name} cannot be saved: {reason}.", name=name, reason=reason(error, path)
        ) from error


def save_rows(folder: Path, rows: Iterable[dict[str, str]]) -> Path:
    """Writes rows as a JSONL manifest; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
