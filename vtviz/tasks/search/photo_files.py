"""The photos of a folder or a zip file, which stay where they are."""

from __future__ import annotations

import calendar
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from vtviz.files import address, is_text, reason
from vtviz.inputs import MAX_BYTES, InputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class PhotoFile:
    """A file that may be a photo: its path from the folder with ``/``, its bytes and when it changed."""

    path: str
    size: int
    mtime_ns: int


class Photos(Protocol):
    """Where photos lie."""

    def files(self) -> Iterator[PhotoFile]:
        """Every file that is called like a photo, in the order of their paths within each folder."""

    def read(self, path: str) -> bytes:
        """The bytes of a file, one byte more than the most that a photo may have at most. Raises InputError where it
        cannot be read."""


def photos_in(place: Path, without: Path | None = None) -> Photos:
    """The photos in a folder, or in a zip file; what lies in the folder ``without`` is left out.

    Raises:
        InputError: if there is no such folder, or the file is not a zip file.
    """
    if place.is_dir():
        return _Folder(place.resolve(), without.resolve() if without else None)
    if place.is_file():
        if not zipfile.is_zipfile(place):
            raise InputError("{path} is neither a folder nor a zip file; give one that holds photos.", path=place)
        return _Zip(place.resolve())
    why = reason(FileNotFoundError(2, "No such file or directory"), place)
    raise InputError("The folder {path} cannot be read: {reason}.", path=address(place) or place, reason=why)


@dataclass(frozen=True)
class _Folder:
    place: Path
    without: Path | None

    def files(self) -> Iterator[PhotoFile]:
        for folder, inner, names in os.walk(self.place):
            inner[:] = sorted(name for name in inner if not name.startswith(".") and Path(folder, name) != self.without)
            for name in sorted(names):
                path = Path(folder, name)
                if not _is_photo(name) or not is_text(str(path)):
                    continue
                try:
                    about = path.stat()
                except OSError:  # a link to nothing, or a file that just went
                    continue
                yield PhotoFile(path.relative_to(self.place).as_posix(), about.st_size, about.st_mtime_ns)

    def read(self, path: str) -> bytes:
        file = self.place / path
        try:
            with file.open("rb") as opened:
                return opened.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            raise _unreadable(path, reason(error, file)) from error


@dataclass(frozen=True)
class _Zip:
    place: Path

    def files(self) -> Iterator[PhotoFile]:
        try:
            with zipfile.ZipFile(self.place) as archive:
                members = archive.infolist()
        except Exception as error:  # what lists a damaged file raises many kinds
            raise InputError(
                "The zip file {name} is damaged or encrypted; pack the photos again.", name=self.place.name
            ) from error
        for info in sorted(members, key=lambda info: info.filename):
            if _is_photo(info.filename) and is_text(info.filename):
                yield PhotoFile(info.filename, info.file_size, _changed(info) * 10**9)

    def read(self, path: str) -> bytes:
        try:
            with zipfile.ZipFile(self.place) as archive, archive.open(path) as opened:
                return opened.read(MAX_BYTES + 1)  # however much it would unpack to
        except KeyError as error:
            raise _unreadable(path, "there is no such file in it") from error
        except Exception as error:  # damaged or encrypted, which each way of packing says in its own
            why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            raise _unreadable(path, why) from error


def _changed(info: zipfile.ZipInfo) -> int:
    try:
        return calendar.timegm((*info.date_time, 0, 0, 0))
    except ValueError:  # some programs write a month of 0
        return 0


def _is_photo(name: str) -> bool:
    parts = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts.parts)
    return parts.suffix.lower() in SUFFIXES and not hidden


def _unreadable(name: str, reason: str) -> InputError:
    return InputError("The photo {name} cannot be read: {reason}.", name=name, reason=reason)
