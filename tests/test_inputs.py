"""Images and texts as people give them, good and bad."""

import hashlib
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vtviz.inputs import InputError, Word, check_text, group_pieces, read_image, split_words


def encode(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_reads_each_format(form: str) -> None:
    data = encode(Image.new("RGB", (20, 10), (200, 100, 50)), form, quality=95)
    image = read_image(data)
    assert (image.width, image.height) == (20, 10)
    np.testing.assert_allclose(image.pixels[5, 5], (200, 100, 50), atol=4)
    assert image.sha256 == hashlib.sha256(data).hexdigest()


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the right way up is 90 degrees clockwise
    picture = Image.new("RGB", (20, 10))
    picture.paste((255, 255, 255), (0, 0, 10, 10))
    image = read_image(encode(picture, exif=exif))
    assert (image.width, image.height) == (10, 20)
    assert image.pixels[2, 5, 0] == 255 and image.pixels[17, 5, 0] == 0


def test_transparency_lies_on_white() -> None:
    half = Image.new("RGBA", (9, 9), (255, 0, 0, 0))
    half.putpixel((1, 1), (0, 0, 0, 255))
    pixels = read_image(encode(half)).pixels
    assert pixels[4, 4].tolist() == [255, 255, 255] and pixels[1, 1].tolist() == [0, 0, 0]


def test_a_transparent_palette_entry_lies_on_white() -> None:
    image = Image.new("P", (9, 9), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    image.putpixel((0, 0), 0)
    pixels = read_image(encode(image, transparency=1)).pixels
    assert pixels[4, 4].tolist() == [255, 255, 255] and pixels[0, 0].tolist() == [0, 0, 0]


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    deep = Image.fromarray(np.tile(np.array([0, 257, 32896, 65535] * 2, dtype=np.uint16), (8, 1)))
    assert read_image(encode(deep)).pixels[0, :4, 0].tolist() == [0, 1, 128, 255]


def test_cmyk_becomes_rgb() -> None:
    pixels = read_image(encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)).pixels
    assert pixels[8, 8, 0] > 200 and pixels[8, 8, 1] < 60


def test_an_animation_shows_its_first_frame() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    pixels = read_image(encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)).pixels
    assert pixels[8, 8].tolist() == [255, 0, 0]


NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"hello", "not a JPEG"),
        (encode(Image.new("RGB", (20, 20)), "GIF"), "not a JPEG"),
        (encode(Image.fromarray(NOISE), "JPEG")[:900], "damaged"),
        (encode(Image.fromarray(NOISE), "PNG")[:4000], "damaged"),
        (encode(Image.new("L", (4, 40))), "less than 8 pixels"),
        (encode(Image.new("1", (10000, 6000))), "more than 50 megapixels"),
        (encode(Image.new("1", (20000, 20000))), "more than 50 megapixels"),
        (b"\xff\xd8" + bytes(16 * 2**20), "larger than 15 MB"),
    ],
)
def test_bad_images_are_refused_in_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_image(data)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "  \n", "...!", "x" * 2001])
def test_bad_texts_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        check_text(text)


def test_texts_are_trimmed() -> None:
    assert check_text("  a dog\nruns ") == "a dog runs"


def test_words_keep_their_places() -> None:
    text = "The boy's T-shirt, 狗."
    words = split_words(text)
    assert [word.text for word in words] == ["The", "boy's", "T-shirt", ",", "狗", "."]
    assert all(text[word.start : word.end] == word.text for word in words)


def test_pieces_are_grouped_into_words() -> None:
    tokens = group_pieces("a skateboarder.", ["a", "skate", "##boarder"], [(0, 1), (2, 7), (7, 14)], truncated=True)
    assert tokens.words == (Word("a", 0, 1), Word("skateboarder", 2, 14))
    assert tokens.word_of == (0, 1, 1) and tokens.truncated
    with pytest.raises(ValueError, match="lie in no word"):
        group_pieces("a b", ["?"], [(1, 2)])


def test_chinese_is_cut_where_pieces_begin() -> None:
    assert [word.text for word in split_words("一只cat和x狗, 猫")] == ["一", "只", "cat", "和", "x", "狗", ",", "猫"]
    tokens = group_pieces("两个男孩", ["▁", "两个", "男", "孩"], [(0, 1), (0, 2), (2, 3), (3, 4)])
    assert [word.text for word in tokens.words] == ["两个", "男", "孩"] and tokens.word_of == (0, 0, 1, 2)
