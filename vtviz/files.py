"""Files: read with one clear sentence where that fails, written whole or not at all."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import stat
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

from platformdirs import user_cache_path, user_data_path

from vtviz.inputs import MAX_BYTES, ImageInput, InputError, image_size, read_image

WEB = "it is a web address; download the file and give its path"
FILE_ADDRESS = "it is a file:// address; give only the path"
BACKSLASHES = "there is no such file; separate folders with / instead of \\"
HOME = "there is no such file; write the full path of your home folder instead of ~"
NO_PATH = "this is not a valid file name"
CACHE = "VTVIZ_CACHE"  # environment variable: where to keep what can be made again
DATA = "VTVIZ_DATA"  # environment variable: where to keep what belongs to this user
NO_FILE = "it is not a file but a device, a pipe or a socket"
LARGE = "it is larger than {limit} MB"
TABLE_BYTES, REPORT_BYTES, JSON_BYTES = 64 * 2**20, 256 * 2**20, 64 * 2**20  # of manifests, reports, other JSON files


def write_atomically(path: Path, data: bytes | memoryview) -> None:
    """Writes a file that other processes see with its old content or its new one, never with a part of either.

    Raises:
        OSError: if it cannot be written; the old content is kept.
    """
    new = path.with_name(f".{path.name}.{uuid4().hex}")  # of its own, because several may write the same file
    try:
        with new.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def read_bytes(path: Path, limit: int) -> bytes:
    """What a file holds, at most one byte more than ``limit``; what is no file, such as a device or a pipe, is not
    opened.

    Raises:
        OSError: if it cannot be read.
        ValueError: if this is no path.
        TooLarge: if it is longer than the limit.
    """
    _need_file(path.stat())
    with open(path, "rb", opener=_open_at_once) as file:
        _need_file(os.fstat(file.fileno()))
        data = file.read(limit + 1)  # a file may grow, and some say that they are empty and never end
    if data is None:  # a file of the system that would have to be waited for
        raise OSError(errno.EINVAL, NO_FILE)
    if len(data) > limit:
        raise TooLarge(errno.EFBIG, LARGE.format(limit=limit // 2**20))
    return data


class TooLarge(OSError):
    """A file that is longer than it may be."""


def _need_file(about: os.stat_result) -> None:
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, NO_FILE)


def _open_at_once(path: str, flags: int) -> int:
    """Opens a file without waiting for whoever may write to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_photo(path: Path, name: str | None = None) -> ImageInput:
    """The photo in a file, which an error calls ``name``, or by its path where that is None.

    Raises:
        InputError: if the file cannot be read, or what it holds cannot be used.
    """
    return read_image(_photo_bytes(path, name))


def photo_size(path: Path, name: str | None = None) -> tuple[int, int]:
    """Width and height of the photo in a file, upright. Raises as ``read_photo``, for what its beginning shows."""
    return image_size(_photo_bytes(path, name))


def _photo_bytes(path: Path, name: str | None) -> bytes:
    try:
        return read_bytes(path, MAX_BYTES)
    except TooLarge as error:
        raise InputError(
            "The image file is larger than {limit} MB; choose a smaller one.", limit=MAX_BYTES // 2**20
        ) from error
    except (OSError, ValueError) as error:
        shown = address(path) or name or str(path)
        raise InputError(
            "The photo {name} cannot be read: {reason}.", name=shown, reason=reason(error, path)
        ) from error


def reason(error: OSError | ValueError, path: Path) -> str:
    """Why a file cannot be read, and what to do where the path itself is the reason."""
    written = address(path)
    if written is not None:
        return FILE_ADDRESS if written.startswith("file:") else WEB
    if isinstance(error, FileNotFoundError) and any(part.startswith("~") for part in path.parts):
        return HOME
    if isinstance(error, FileNotFoundError) and os.sep == "/" and "\\" in str(path):
        return BACKSLASHES
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return NO_PATH


def address(path: Path) -> str | None:
    """The address that was written where a path belongs, such as ``https://example.org/a.jpg``; None for a path.

    A ``Path`` keeps one slash of two, and a manifest's path has its folder in front.
    """
    result = re.search(r"(?:^|/)(https?|ftp|file|s3|gs):/+(.*)", path.as_posix(), re.IGNORECASE | re.DOTALL)
    slashes = "///" if result and result[1].lower() == "file" else "//"
    return f"{result[1]}:{slashes}{result[2]}" if result else None


def cache_folder() -> Path:
    """Where vtviz keeps what it can make again; ``VTVIZ_CACHE`` names another place. Made where there is none.

    Raises:
        InputError: if it cannot be made.
    """
    folder = Path(os.environ[CACHE]) if os.environ.get(CACHE) else user_cache_path("vtviz")
    make_folder(folder)
    return folder


def from_home(written: str) -> Path:
    """The path that a person wrote, with their home folder in place of ``~``."""
    try:
        return Path(written).expanduser()
    except RuntimeError:  # nobody of this name
        return Path(written)


def local_path(folder: Path, written: str) -> Path:
    """The path that a person wrote, which starts at a folder: as it stands where there is such a file, else with ``~``
    or the backslashes of Windows read as they were meant."""
    path = folder / written
    meant = [folder / from_home(written), folder / written.replace("\\", "/")]
    return path if _exists(path) else next((other for other in meant if other != path and _exists(other)), path)


def _exists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Whether there is a file; none has a name that is too long, or lies where nobody may look."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder, in the same way."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def parse_json(text: str) -> Any:
    """The value that a JSON text holds.

    Raises:
        ValueError: if it is not JSON, as NaN is not, or no program could read it: too deep, or a number too long.
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def is_text(value: object) -> bool:
    """Whether a value is text that can be written to a file: JSON may hold half of a character."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_number(value: object) -> bool:
    """Whether a value of a JSON text is a finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def check_file_place(path: Path) -> None:
    """Refuses a place where a file could not be written, before the work whose result is to lie there.

    Raises:
        InputError: if it cannot.
    """
    folder = next(item for item in path.absolute().parents if item.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError("The file {path} cannot be written there; choose another place.", path=str(path))


def make_folder(folder: Path) -> None:
    """Makes a folder, and those that it lies in, where there is none.

    Raises:
        InputError: if that cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            "The folder {folder} cannot be created: {reason}.", folder=str(folder), reason=reason
        ) from error


def data_folder() -> Path:
    """Where vtviz keeps what belongs to this user; made where there is none. Raises InputError where it cannot be."""
    folder = Path(os.environ[DATA]) if os.environ.get(DATA) else user_data_path("vtviz")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "vtviz cannot create its data folder {folder}: {reason}; set VTVIZ_DATA to a writable folder.",
            folder=folder,
            reason=error.strerror or error,
        ) from error
    return folder
