"""Reported faults of photo files."""

import io
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from vtviz.inputs import InputError, read_image

RED = Image.new("RGB", (32, 16), (200, 30, 40))
FORMATS = ("JPEG", "PNG", "WEBP")
ORIENTATION = 0x112
Entry = tuple[int, int, int, bytes]  # tag, type, count, four bytes of value


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def exif(entries: Sequence[Entry]) -> bytes:
    """An EXIF block written by hand, because no library writes a broken one."""
    body = b"".join(struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + b"\0\0\0\0"


def turned(value: int) -> Entry:
    return (ORIENTATION, 3, 1, struct.pack("<HH", value, 0))


@pytest.mark.parametrize("form", FORMATS)
def test_a_photo_is_upright(form: str) -> None:
    assert read_image(saved(RED, form, exif=exif([turned(6)]))).pixels.shape == (32, 16, 3)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(form: str, value: int) -> None:
    assert read_image(saved(RED, form, exif=exif([turned(value)]))).pixels.shape == (16, 32, 3)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "entry",
    [
        (0x11A, 2, 3, b"ab\0\0"),  # text where a fraction belongs
        (0x103, 8, 1, struct.pack("<hH", -1, 0)),  # a number below zero
        (0x103, 7, 4, b"abcd"),  # bytes where a number belongs
        (0x100, 1, 4, b"abcd"),  # four numbers where one belongs
    ],
)
def test_a_broken_tag_beside_the_orientation_keeps_no_photo_out(form: str, entry: Entry) -> None:
    assert read_image(saved(RED, form, exif=exif([turned(6), entry]))).pixels.shape == (32, 16, 3)


def test_a_long_text_in_a_png_keeps_no_photo_out() -> None:
    about = PngImagePlugin.PngInfo()
    about.add_text("parameters", "x" * 3_000_000, zip=True)
    assert read_image(saved(RED, "PNG", pnginfo=about)).pixels.shape == (16, 32, 3)


def test_a_transparent_grey_of_16_bits_lies_on_white() -> None:
    grey = Image.fromarray(np.full((16, 16), 257 * 100, np.uint16))
    assert (read_image(saved(grey, "PNG", transparency=257 * 100)).pixels == 255).all()


@pytest.mark.parametrize("mode", ["1", "L"])
def test_a_transparent_grey_lies_on_white(mode: str) -> None:
    assert (read_image(saved(Image.new(mode, (16, 16), 0), "PNG", transparency=0)).pixels == 255).all()


@pytest.mark.parametrize("marked", [True, False])
def test_cmyk_is_not_inverted(marked: bool) -> None:
    """Adobe's marker (APP14) says that the values are inverted; files without it hold them inverted too."""
    data = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    place = data.index(b"\xff\xee")
    size = struct.unpack(">H", data[place + 2 : place + 4])[0]
    red = read_image(data if marked else data[:place] + data[place + 2 + size :]).pixels[8, 8]
    assert red.tolist() == [255, 0, 0]


@pytest.mark.parametrize("form", ["PNG", "WEBP", "MPO"])
def test_the_first_of_several_pictures_is_read(form: str) -> None:
    options = {"lossless": True} if form == "WEBP" else {}
    several = saved(RED, form, save_all=True, append_images=[Image.new("RGB", RED.size, "blue")], **options)
    assert np.abs(read_image(several).pixels[8, 8].astype(int) - [200, 30, 40]).max() <= 2


@pytest.mark.parametrize("form", FORMATS)
def test_a_photo_that_is_cut_short_is_refused(form: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    data = saved(noise, form)
    with pytest.raises(InputError, match="damaged or incomplete"):
        read_image(data[: len(data) // 2])
