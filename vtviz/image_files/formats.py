"""Which format a file is in, by its first bytes, and how much of it may be decoded."""

from __future__ import annotations

import io
from typing import Literal

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

Format = Literal["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"]
SUFFIXES = ("jpg", "jpeg", "png", "webp", "heic", "heif", "avif", "tif", "tiff", "gif", "bmp")
STARTS: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
AVIF_BRANDS = (b"avif", b"avis")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
BRANDS_BYTES = 256  # more than the box of brands takes in any camera's file

MEGAPIXELS: dict[Format, int] = {"WEBP": 35, "AVIF": 35}  # their decoders hold a photo several times over
USUAL_MEGAPIXELS = 50
REDUCED_MEGAPIXELS = 400  # of a JPEG file that is decoded at an eighth of its size or a quarter


def format_of(data: bytes) -> Format | None:
    """The format of a file, None where it is none of those that can be read."""
    known = next((form for start, form in STARTS if data.startswith(start)), None)
    if known is not None:
        return known
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return _of_brands(data) if data[4:8] == b"ftyp" else None


def _of_brands(data: bytes) -> Format | None:
    """The format of a file of the ISO base media format: that of its main brand, or of those it is compatible with."""
    box = data[8 : min(int.from_bytes(data[:4]), BRANDS_BYTES)]
    brands = {box[:4], *(box[at : at + 4] for at in range(8, len(box), 4))}
    if brands & {*AVIF_BRANDS}:
        return "AVIF"
    return "HEIF" if brands & {*HEIF_BRANDS} else None


def open_image(data: bytes, form: Format) -> ImageFile:
    """The image in a file, not decoded yet. Raises whatever its reader raises."""
    file = io.BytesIO(data)
    if form == "JPEG":  # Image.open() would refuse those that are large, which can be decoded at a reduced size
        return JpegImageFile(file)
    if form == "HEIF":
        from pillow_heif import HeifImageFile

        image: ImageFile = HeifImageFile(file)
        return image
    return Image.open(file, formats=(form,))


def most_megapixels(form: Format, image: Image.Image) -> int:
    """The megapixels that may be decoded of a photo of a format."""
    if form == "JPEG" and not image.info.get("progressive"):  # a progressive one is held in full before it is reduced
        return REDUCED_MEGAPIXELS
    return MEGAPIXELS.get(form, USUAL_MEGAPIXELS)
