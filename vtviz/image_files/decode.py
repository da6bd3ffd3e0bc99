"""Image files to upright RGB pictures of a size that can be kept, forgiving damage that does not touch the picture."""

from __future__ import annotations

from collections.abc import Callable

from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

from vtviz.errors import UserError
from vtviz.image_files.colours import Colours
from vtviz.image_files.formats import Format, open_image
from vtviz.image_files.jpeg import ended
from vtviz.image_files.png import picture_alone, without_texts

SIDE = 1600  # pixels of the longer side of what is kept, which is as large as any photo is shown
STRIP_PIXELS = 2**21  # worked on at a time, beside the decoded image
MENDED_MEGAPIXELS = 25  # an end is added to a JPEG file by decoding it several times
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_THEIR_SIDE = (5, 6, 7, 8)
Size = tuple[int, int]  # width, height in pixels
Check = Callable[[Image.Image, Format], None]


def decode(data: bytes, form: Format, check: Check) -> tuple[Image.Image, Size]:
    """The first frame of a file, upright, in sRGB, on white where it is transparent; its longer side has at most
    ``SIDE`` pixels. Also the size that it has in the file, upright.

    ``check`` may refuse the picture before any pixel is decoded. Raises whatever the readers raise where the picture
    itself is damaged.
    """
    if form == "PNG":
        data = without_texts(data)
    try:
        return _decode(data, form, check)
    except (UserError, Image.DecompressionBombError, MemoryError):
        raise
    except Exception:
        mended = _mended(data, form)
        if mended is None:
            raise
    return _decode(mended, form, check)


def upright_size(data: bytes, form: Format, check: Check) -> Size:
    """The size of the picture in a file, upright, from its beginning alone. Raises as ``decode``."""
    if form == "PNG":
        data = without_texts(data)
    with open_image(data, form) as image:
        check(image, form)
        # Pillow turns TIFF files itself, and decodes a whole PNG file to look for an orientation at its end.
        turns = form != "TIFF" and (form != "PNG" or b"eXIf" in data)
        return image.size[::-1] if turns and _orientation(image) in ON_THEIR_SIDE else image.size


def _mended(data: bytes, form: Format) -> bytes | None:
    """The file without what is damaged beside the picture, or None where nothing can be done."""
    if form == "PNG":
        return picture_alone(data)
    if form != "JPEG":
        return None
    with open_image(data, form) as image:
        few = image.width * image.height <= MENDED_MEGAPIXELS * 10**6
    return ended(data) if few else None


def _decode(data: bytes, form: Format, check: Check) -> tuple[Image.Image, Size]:
    with open_image(data, form) as image:
        check(image, form)
        size = image.size
        image.draft(None, _fitting(size))
        colours = Colours.of(image, data, form)
        picture = _in_strips(image, colours)
        orientation = _orientation(image)
        turn = TURNS.get(orientation)
        upright = picture if turn is None else picture.transpose(turn)
        return upright, size[::-1] if orientation in ON_THEIR_SIDE else size


def _fitting(size: Size) -> Size:
    """A size of the same shape whose longer side has ``SIDE`` pixels at most."""
    share = min(1.0, SIDE / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _in_strips(image: ImageFile, colours: Colours) -> Image.Image:
    """The decoded image in RGB and at its final size, made strip by strip to need little memory."""
    width, height = image.size
    factor = max(1, max(width, height) // SIDE)
    rows = max(1, STRIP_PIXELS // (width * factor)) * factor
    result = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        strip = colours.in_rgb((0, top, width, min(top + rows, height)))
        result.paste(strip if factor == 1 else strip.reduce(factor), (0, top // factor))
    final = _fitting(result.size)
    return result if final == result.size else result.resize(final, Image.Resampling.LANCZOS)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a broken Exif block, of which Pillow says so in many ways, leaves the picture as it is stored
        return 1
