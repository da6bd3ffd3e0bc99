"""What is kept of a photo for people, and what tells one picture from another."""

from __future__ import annotations

import calendar
import io

import numpy as np
from PIL import ExifTags, Image

from vtviz.image_files.formats import format_of, open_image
from vtviz.inputs import ImageInput

SIDE = 256  # pixels of a thumbnail's longer side
QUALITY = 80
LOOK = 8  # rows and columns of differences in a look


def thumbnail(image: ImageInput) -> bytes:
    """The photo as a small JPEG file."""
    picture, file = image.to_pil(), io.BytesIO()
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    picture.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def look(image: ImageInput) -> str:
    """Whether each of 8 × 8 places is brighter than its right neighbour, as 16 hexadecimal digits (Krawetz, "Kind of
    Like That", 2013)."""
    grey = image.to_pil().convert("L").resize((LOOK + 1, LOOK), Image.Resampling.BOX, reducing_gap=2.0)
    brightness = np.asarray(grey, np.int16)
    return np.packbits(brightness[:, 1:] > brightness[:, :-1]).tobytes().hex()


def differing(first: str, second: str) -> int:
    """In how many of 64 places two looks differ."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


def taken_at(data: bytes, mtime_ns: int) -> float:
    """When a photo was taken by its camera's clock, in seconds since 1970 as if that were UTC; when its file changed,
    where it does not say."""
    try:
        form = format_of(data)
        if form is None:
            raise ValueError("not a photo")
        with open_image(data, form) as image:
            exif = image.getexif()
            own = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
            written = str(own or exif.get(ExifTags.Base.DateTime, ""))
        date, clock = written.strip("\0 ").split(" ")
        year, month, day = (int(part) for part in date.split(":"))
        hour, minute, second = (int(part) for part in clock.split(":"))
        if not (1826 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
            raise ValueError(written)
        return float(calendar.timegm((year, month, day, hour, minute, second, 0, 0, 0)))
    except Exception:  # Pillow and cameras have many ways to write nonsense here
        return mtime_ns / 1e9
