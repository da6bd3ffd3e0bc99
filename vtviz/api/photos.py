"""Photos as programs have them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from vtviz.files import from_home, read_photo
from vtviz.inputs import ImageInput, InputError, read_image

Photo = str | os.PathLike[str] | bytes | np.ndarray | Image.Image | ImageInput
PLAIN = ("RGB", "RGBA", "L", "LA", "P")  # modes whose colours PNG holds


def as_image(photo: Photo) -> ImageInput:
    """The checked photo. One that came as pixels has the sha256 of the PNG file that they make.

    Args:
        photo: a path, the bytes of a file, a picture of Pillow, or an array uint8 ``[height, width, 3]`` in sRGB.

    Raises:
        InputError: if it cannot be read, or is none of these.
    """
    if isinstance(photo, ImageInput):
        return photo
    if isinstance(photo, bytes):
        return read_image(photo)
    if isinstance(photo, np.ndarray):
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
            raise InputError(
                "A photo as an array must be uint8 [height, width, 3], not {kind} {shape}.",
                kind=photo.dtype,
                shape=list(photo.shape),
            )
        return read_image(_png(Image.fromarray(photo)))
    if isinstance(photo, Image.Image):
        upright = ImageOps.exif_transpose(photo)
        return read_image(_png(upright if upright.mode in PLAIN else upright.convert("RGB")))
    if isinstance(photo, str | os.PathLike):
        return read_photo(from_home(os.fspath(photo)))
    raise InputError(
        "A photo must be a path, bytes, an array or a picture of Pillow, not {kind}.", kind=type(photo).__name__
    )


def photo_name(photo: Photo) -> str:
    """What a person calls a photo: the name of its file, if it has one."""
    return Path(photo).name if isinstance(photo, str | os.PathLike) else "photo"


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
