"""Image files to upright RGB pictures, forgiving damage that does not touch the picture."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import reduce

import numpy as np
from PIL import ExifTags, Image, ImageChops
from PIL.ImageFile import ImageFile

from vtviz.errors import UserError

FORMATS = ("JPEG", "PNG", "WEBP")
PNG, JPEG, RIFF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"
ROWS = 256  # worked on at a time
PICTURE_CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"eXIf")
GREY_STEPS = {"L;2": 85, "L;4": 17}  # Pillow widens these greys to 0..255, but not the one that is transparent
SEGMENT = re.compile(rb"\xff([^\x00\x01\xd0-\xd9\xff])(..)", re.DOTALL)
END_OF_JPEG = b"\xff\xd9"
COEFFICIENTS = 64
BLOCKS_BYTES = 4096  # more than any ten blocks, the most that are stored together, can take
RESTART = re.compile(rb"\xff[\xd0-\xd7]")
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def is_known(data: bytes) -> bool:
    """Whether a file begins as JPEG, PNG and WebP files do."""
    return data.startswith((PNG, JPEG)) or (data.startswith(RIFF) and data[8:12] == b"WEBP")


def decode(data: bytes, check: Callable[[Image.Image], None]) -> Image.Image:
    """The first frame of a file, upright, in RGB, on white where it is transparent.

    ``check`` may refuse the picture before any pixel is decoded. Raises whatever Pillow raises where the picture itself
    is damaged.
    """
    try:
        return _decode(data, check)
    except (UserError, Image.DecompressionBombError):
        raise
    except Exception:
        mended = _picture_chunks(data) if data.startswith(PNG) else _ended(data) if data.startswith(JPEG) else None
        if mended is None:
            raise
    return _decode(mended, check)


def _decode(data: bytes, check: Callable[[Image.Image], None]) -> Image.Image:
    with _open(data) as image:
        check(image)
        picture = _on_white(_in_eight_bits(image, data))
        turn = TURNS.get(_orientation(image))
        return picture if turn is None else picture.transpose(turn)


def _open(data: bytes) -> ImageFile:
    return Image.open(io.BytesIO(data), formats=FORMATS)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a broken Exif block, of which Pillow says so in many ways, leaves the picture as it is stored
        return 1


def _in_eight_bits(image: ImageFile, data: bytes) -> Image.Image:
    """The loaded image in 8 bits, with the transparent colour of PNG files of other depths, which Pillow misreads."""
    stored, clear = str(image.tile[0].args) if image.tile else "", image.info.get("transparency")
    image.load()
    if image.mode.startswith("I"):  # convert() would clip 16 bits to 255
        return _narrowed(image, clear)
    if clear is not None and stored in GREY_STEPS:
        image.info["transparency"] = clear * GREY_STEPS[stored]
    if clear is not None and stored == "RGB;16B":
        del image.info["transparency"]
        image.putalpha(_opaque(image, data, clear))
    return image


def _narrowed(image: Image.Image, clear: int | None) -> Image.Image:
    """A grey image of 16 bits in 8; ``clear`` is the transparent grey."""
    wide = np.asarray(image)
    narrow = np.empty(wide.shape, np.uint8)
    for row in range(0, len(wide), ROWS):
        narrow[row : row + ROWS] = (wide[row : row + ROWS] / 257).round().clip(0, 255)
    grey = Image.fromarray(narrow)
    if clear is not None:
        grey.putalpha(Image.fromarray(wide != clear).convert("L"))
    return grey


def _opaque(high: Image.Image, data: bytes, clear: Sequence[int]) -> Image.Image:
    """255 where a pixel of 16-bit RGB is not ``clear``. ``high`` holds the first byte of each number, all that Pillow
    keeps; read as little-endian, the file gives the second."""
    with _open(data) as low:
        low.tile = [tile._replace(args="RGB;16L") for tile in low.tile]
        low.load()
    differing = [
        band.point([0 if value == wanted else 255 for value in range(256)])
        for image, colour in ((high, [value >> 8 for value in clear]), (low, [value & 255 for value in clear]))
        for band, wanted in zip(image.split(), colour, strict=True)
    ]
    return reduce(ImageChops.lighter, differing)


def _on_white(image: Image.Image) -> Image.Image:
    if "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode not in ("RGBA", "LA", "PA"):
        return image if image.mode == "RGB" else image.convert("RGB")
    layer = image if image.mode == "RGBA" else image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(layer, mask=layer)
    return white


def _picture_chunks(data: bytes) -> bytes:
    """A PNG file without the chunks that leave the picture alone, and without optional ones that are damaged."""
    kept, at = [PNG], len(PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        chunk = data[at : at + 12 + length]
        if kind in PICTURE_CHUNKS and (kind[:1].isupper() or _is_sound(chunk)):
            kept.append(chunk)
        at += len(chunk)
    return b"".join(kept)


def _is_sound(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]).to_bytes(4) == chunk[-4:]


def _ended(data: bytes) -> bytes | None:
    """A JPEG file with the end marker that it lacks; None where more is missing."""
    data = data.rstrip(END_OF_JPEG[:1])
    ended = data + END_OF_JPEG
    same = all(_same_pixels(ended, data + filler + END_OF_JPEG) for filler in _fillers(data))
    return ended if same and _has_all_scans(data) else None


def _fillers(data: bytes) -> Iterator[bytes]:
    """What a JPEG decoder ignores where no pixel is missing, and reads as pixels where some are: from the next bit on,
    or from the next restart marker."""
    last = RESTART.findall(data)[-1:]
    restart = bytes((0xFF, 0xD0 + (last[0][1] + 1) % 8 if last else 0xD0))
    for bits in (b"\x55", b"\xaa"):
        yield bits * BLOCKS_BYTES + restart + bits * BLOCKS_BYTES


def _same_pixels(first: bytes, second: bytes) -> bool:
    with _open(first) as one, _open(second) as other:
        strips = [(0, row, one.width, min(row + ROWS, one.height)) for row in range(0, one.height, ROWS)]
        return all(one.crop(strip).tobytes() == other.crop(strip).tobytes() for strip in strips)


def _has_all_scans(data: bytes) -> bool:
    """Whether a JPEG file has begun the last scan of every component: progressive ones refine the same coefficients in
    scan after scan, down to bit 0."""
    bits: dict[int, list[int]] = {}
    for code, body in _segments(data):
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):  # a frame
            bits = {component: [1] * COEFFICIENTS for component in body[6::3]}
        elif code == 0xDA:  # a scan
            first, last, shift = body[-3], body[-2], body[-1] & 15
            for component in body[1:-3:2]:
                bits[component][first : last + 1] = [shift] * (last + 1 - first)
    return bool(bits) and not any(any(left) for left in bits.values())


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while found := SEGMENT.search(data, at):
        at = found.start() + 2 + int.from_bytes(found[2])
        yield found[1][0], data[found.end() : at]
