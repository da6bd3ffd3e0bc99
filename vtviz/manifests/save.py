"""A manifest and photos as a browser sends them, as files that an audit can read."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Protocol

from vtviz.files import TABLE_BYTES, reason
from vtviz.inputs import InputError
from vtviz.manifests.read import read_manifest
from vtviz.manifests.tables.values import JSON_LINES, TABLES

Upload = tuple[str, bytes]  # name and bytes
UNPACKED = 500 * 2**20  # bytes of all files in a zip file
MEMBERS = 50_000


class PhotoRow(Protocol):
    """A row of a manifest, with its photo."""

    @property
    def number(self) -> int: ...

    @property
    def image(self) -> Path: ...


def _rows(path: Path) -> Sequence[PhotoRow]:
    return read_manifest(path).rows


def save_uploads(
    folder: Path, manifest: Upload, photos: Iterable[Upload], read: Callable[[Path], Sequence[PhotoRow]] = _rows
) -> Path:
    """Writes a manifest and its photos to a folder; returns the path of the manifest.

    A browser sends photos without their folders, so each goes where the manifest looks for a file of its name. A zip
    file stands for the files in it. ``read`` gives the rows of a manifest of another kind.

    Raises:
        InputError: if the manifest cannot be used or leads out of the folder, a zip file is damaged or too large, or
            photos are missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    suffix = Path(manifest[0]).suffix.lower()
    if suffix not in (*TABLES, *JSON_LINES, ".json"):
        raise InputError(
            "The manifest {name} must be a .csv, .tsv, .jsonl or .json file.", name=PureWindowsPath(manifest[0]).name
        )
    path = folder / f"manifest{suffix}"
    _save(path, path.name, manifest[1])
    wanted: dict[str, Path] = {}
    for row in read(path):
        place = row.image.relative_to(folder) if row.image.is_relative_to(folder) else None
        if place is None or ".." in place.parts or str(place).startswith("~"):  # whoever's home it is, or nobody's
            raise InputError(
                "The photo in row {number} of the manifest lies outside the manifest's folder; use a path inside it.",
                number=row.number,
            )
        photo = PureWindowsPath(place.name).name  # which splits at both kinds of slashes
        if wanted.setdefault(photo, row.image) != row.image:
            raise InputError("Two photos in the manifest are called {name}; give each its own name.", name=photo)
    for name, data in _unpacked(photos):
        target = wanted.pop(PurePosixPath(name).name, None)
        if target is not None:
            _save(target, name, data)
    _save(path, path.name, manifest[1])  # again, lest a photo of its name took its place
    if wanted:
        first = min(wanted)
        raise InputError(
            "Photos named in the manifest were not uploaded: {count}, for example {name}. Upload them too.",
            count=len(wanted),
            name=first,
        )
    return path


def _unpacked(photos: Iterable[Upload]) -> Iterator[Upload]:
    """The files, those in zip files one by one."""
    for name, data in photos:
        if PurePosixPath(name).suffix.lower() != ".zip":
            yield name, data
            continue
        with _opened(name, data) as (packed, members):
            for member in members:
                yield member.filename, packed.read(member)


def unpacked_size(files: Iterable[Upload]) -> int:
    """The bytes of files once those in zip files are unpacked, which is known before anything is.

    Raises:
        InputError: if a zip file is damaged, or there is too much in all of them together.
    """
    plain = unpacked = 0
    for name, data in files:
        if PurePosixPath(name).suffix.lower() != ".zip":
            plain += len(data)
            continue
        with _opened(name, data) as (_, members):
            unpacked += sum(member.file_size for member in members)
        if unpacked > UNPACKED:
            raise InputError(
                "The zip files hold more than {limit} MB together; upload them in parts.", limit=UNPACKED // 2**20
            )
    return plain + unpacked


@contextmanager
def _opened(name: str, data: bytes) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """A zip file and the files in it, of which no more is ever read than their sizes say there."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = [member for member in packed.infolist() if not member.filename.endswith("/")]
            if sum(member.file_size for member in members) > UNPACKED:
                raise InputError(
                    "The zip file {name} holds more than {limit} MB; split it.", name=name, limit=UNPACKED // 2**20
                )
            if len(members) > MEMBERS or any(member.file_size > TABLE_BYTES for member in members):
                raise InputError(
                    "The zip file {name} holds more than {count} files, or one of more than {limit} MB; split it.",
                    name=name,
                    count=MEMBERS,
                    limit=TABLE_BYTES // 2**20,
                )
            yield packed, members
    except InputError:
        raise
    except Exception as error:  # damaged or encrypted, which the readers of each way of packing say in their own
        raise InputError("The zip file {name} is damaged or encrypted; pack the photos again.", name=name) from error


def save_photos(folder: Path, photos: Iterable[Upload]) -> Path:
    """Writes photos, and those in zip files, to the folder ``photos`` of a folder, whose path is returned. Photos of
    one name are told apart by a number.

    Raises:
        InputError: if a zip file is damaged or too large, or a photo cannot be written.
    """
    target = folder / "photos"
    target.mkdir(parents=True, exist_ok=True)
    for name, data in photos:
        if PurePosixPath(name).suffix.lower() == ".zip":
            unpack(name, data, target)
            continue
        path = target / PureWindowsPath(name).name
        number = 2
        while os.path.exists(path):  # False too where the name is too long
            path = target / f"{PureWindowsPath(name).stem} ({number}){path.suffix}"
            number += 1
        _save(path, path.name, data)
    return target


def unpack(name: str, data: bytes, folder: Path) -> None:
    """Writes the files of a zip file to a folder, those alone whose place is inside it.

    Raises:
        InputError: if it is damaged or too large, or a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for member, content in _unpacked([(name, data)]):
        place = PurePosixPath(member.replace("\\", "/"))
        if place.parts and not place.is_absolute() and ".." not in place.parts and ":" not in place.parts[0]:
            _save(folder / place, place.name, content)


def _save(path: Path, name: str, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except (OSError, ValueError) as error:
        raise InputError("The file {name} cannot be saved: {reason}.", name=name, reason=reason(error, path)) from error


def save_written(folder: Path, photos: Iterable[tuple[str, bytes, Sequence[str]]]) -> Path:
    """Writes photos, each with its name and the texts about it, and a manifest with a row for each text; returns the
    path of the manifest. Photos of one name are told apart by a number.

    Raises:
        InputError: if a photo cannot be written.
    """
    rows: list[dict[str, str]] = []
    for number, (name, data, texts) in enumerate(photos, 1):
        place = PurePosixPath("photos", f"{number:03d}-{PureWindowsPath(name).name}")
        _save(folder / place, place.name, data)
        rows += [{"image": str(place), "text": text} for text in texts]
    return save_rows(folder, rows)


def save_rows(folder: Path, rows: Iterable[dict[str, str]]) -> Path:
    """Writes rows as a JSONL manifest; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
