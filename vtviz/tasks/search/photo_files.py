"""The photos of a folder or a zip file, which stay where they are."""

from __future__ import annotations

import calendar
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from vtviz.files import address, is_text, reason
from vtviz.image_files.formats import SUFFIXES
from vtviz.inputs import MAX_BYTES, InputError

NO_FILE, NO_NAME = "it is not a file but a device, a pipe or a socket", "its name is not UTF-8"


@dataclass(frozen=True)
class PhotoFile:
    """A file that may be a photo: its path from the folder with ``/``, its bytes and when it changed."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Unreadable:
    """A file, or a folder with all that lies in it, that could not be read, and why: one sentence."""

    path: str
    reason: str
    is_gone: bool = False  # a link to nothing, a file that just went, or something that is no photo

    def holds(self, path: str) -> bool:
        """Whether a path is this one, or lies in this folder."""
        return path == self.path or path.startswith(f"{self.path}/")


class Photos(Protocol):
    """Where photos lie."""

    def files(self, missed: list[Unreadable] | None = None) -> Iterator[PhotoFile]:
        """Every file that is called like a photo, in the order of their paths within each folder. What could not be
        looked at is added to ``missed``. Raises InputError where that is everything."""

    def read(self, path: str) -> bytes:
        """The bytes of a file, one byte more than the most that a photo may have at most. Raises InputError where it
        cannot be read."""


def no_photos(place: Path) -> InputError:
    """What is said of a folder or zip file without photos."""
    return InputError(
        "There are no photos in {path} (JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP); choose another folder.",
        path=place,
    )


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

    def files(self, missed: list[Unreadable] | None = None) -> Iterator[PhotoFile]:
        bad = list[Unreadable]() if missed is None else missed
        for folder, inner, names in os.walk(self.place, onerror=lambda error: bad.append(self._closed(error))):
            inner[:] = sorted(name for name in inner if not name.startswith(".") and Path(folder, name) != self.without)
            for name in inner:
                if Path(folder, name).is_symlink():  # it could lead in a circle, or to the whole disk
                    path = self._inside(folder, name)
                    bad.append(
                        Unreadable(
                            path,
                            str(
                                InputError(
                                    "{path} is a link to a folder and was not followed; choose that folder itself.",
                                    path=path,
                                )
                            ),
                        )
                    )
            for name in sorted(filter(_is_photo, names)):
                path = self._inside(folder, name)
                try:
                    about = Path(folder, name).stat()
                    if not stat.S_ISREG(about.st_mode):
                        raise OSError(0, NO_FILE)
                    if not is_text(str(Path(folder, name))):
                        raise OSError(0, NO_NAME)
                except OSError as error:
                    why = _unreadable(path, error.strerror or str(error))
                    bad.append(Unreadable(path, str(why), not error.errno or isinstance(error, FileNotFoundError)))
                else:
                    yield PhotoFile(path, about.st_size, about.st_mtime_ns)

    def _inside(self, folder: str, name: str) -> str:
        """A path from the folder with ``/``, with ? for what is no text."""
        return Path(folder, name).relative_to(self.place).as_posix().encode(errors="replace").decode()

    def _closed(self, error: OSError) -> Unreadable:
        """A folder inside that cannot be listed. Raises InputError where it is the folder itself."""
        path = self._inside(str(error.filename), "")
        why = InputError("The folder {path} cannot be read: {reason}.", path=path, reason=error.strerror or str(error))
        if path == ".":
            raise why from error
        return Unreadable(path, str(why))

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

    def files(self, missed: list[Unreadable] | None = None) -> Iterator[PhotoFile]:
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
    return parts.suffix.lower().removeprefix(".") in SUFFIXES and not hidden


def _unreadable(name: str, reason: str) -> InputError:
    return InputError("The photo {name} cannot be read: {reason}.", name=name, reason=reason)
