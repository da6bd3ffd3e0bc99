"""Files: read with one clear sentence where that fails, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from vtviz.inputs import ImageInput, InputError, read_image


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


def read_photo(path: Path, name: str | None = None) -> ImageInput:
    """The photo in a file, which an error calls ``name``, or by its path where that is None.

    Raises:
        InputError: if the file cannot be read, or what it holds cannot be used.
    """
    try:
        return read_image(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError("The photo {name} cannot be read: {reason}.", name=name or str(path), reason=reason) from error


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
