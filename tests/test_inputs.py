"""Images and texts as people give them, good and bad."""

import hashlib
import io
import struct
import unicodedata
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vtviz.inputs import InputError, Word, check_text, group_pieces, read_image, split_words


def encode(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_reads_each_format(form: str) -> None:
    data = encode(Image.new("RGB", (20, 10), (200, 100, 50)), form, **({} if form == "TIFF" else {"quality": 95}))
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
        (b"P6 20 20 255 " + bytes(1200), "not a JPEG"),
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


def chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png(depth: int, colour: int, rows: list[bytes], *extra: bytes) -> bytes:
    """A PNG file 8 pixels wide, written chunk by chunk."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, len(rows), depth, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *extra, pixels, chunk(b"IEND", b"")])


GREYS = [bytes(range(0, 80, 10))] * 8


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"tEXt", b"Title\0a dog", checksum=1),
        chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(5 * 2**20))),
        chunk(b"gAMA", b"\1"),
        chunk(b"pHYs", b"\1\2"),
        chunk(b"tRNS", b"\0\0", checksum=1),
        chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x05"),
    ],
)
def test_a_png_with_damage_beside_the_picture_opens(extra: bytes) -> None:
    data = png(8, 0, GREYS, extra)
    assert read_image(data).pixels[0, :, 0].tolist() == list(range(0, 80, 10))
    assert read_image(data).sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "data",
    [
        png(8, 0, GREYS, chunk(b"PLTE", bytes(3), checksum=1)),
        png(8, 0, GREYS).replace(b"IHDR", b"IHDr"),
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"\xff\xd8\xff\xda\0\x03\1",
    ],
)
def test_a_damaged_file_is_not_called_another_format(data: bytes) -> None:
    with pytest.raises(InputError, match="damaged"):
        read_image(data)


@pytest.mark.parametrize(
    ("depth", "colour", "row", "clear", "shown"),
    [
        (1, 0, b"\x80", b"\0\1", [255, 0, 0]),
        (2, 0, b"\xe4\0", b"\0\2", [255, 255, 85]),  # 3, 2, 1
        (4, 0, b"\xf8\x70\0\0", b"\0\x08", [255, 255, 119]),  # 15, 8, 7
        (8, 0, b"\xff\x80\x7f" + bytes(5), b"\0\x80", [255, 255, 127]),
        (16, 0, b"\xff\xff\x80\x01\x80\x00" + bytes(10), b"\x80\x01", [255, 255, 128]),
        (16, 2, b"\x10\x01" * 5 + b"\x10\x02" + b"\x20\0" * 3 + bytes(30), b"\x10\1" * 3, [255, 16, 32]),
        (16, 4, b"\x40\0\0\0" + b"\x40\0\xff\xff" + b"\x50\0\xff\xff" + bytes(20), b"", [255, 64, 80]),
        (16, 6, b"\x40\0" * 3 + bytes(2) + (b"\x40\0" * 3 + b"\xff\xff") * 2 + bytes(40), b"", [255, 64, 64]),
    ],
)  # fmt: skip
def test_the_transparent_colour_is_that_of_the_depth(
    depth: int, colour: int, row: bytes, clear: bytes, shown: list[int]
) -> None:
    extra = [chunk(b"tRNS", clear)] if clear else []
    assert read_image(png(depth, colour, [row] * 8, *extra)).pixels[3, :3, 0].tolist() == shown


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_only_the_last_bytes_of_a_jpeg_may_be_missing(mode: str, options: dict[str, Any]) -> None:
    data = encode(Image.fromarray(NOISE).resize((60, 50)).convert(mode), "JPEG", **options)
    whole = read_image(data).pixels
    for lost in (1, 2):  # the end marker, and half of it
        np.testing.assert_array_equal(read_image(data[:-lost]).pixels, whole)
    for lost in (*range(8, 40), len(data) // 4, len(data) // 2):
        with pytest.raises(InputError, match="damaged"):
            read_image(data[:-lost])


@pytest.mark.parametrize("scans", [1, 2, 5])
def test_a_progressive_jpeg_without_its_last_scans_is_refused(scans: int) -> None:
    data = encode(Image.fromarray(NOISE), "JPEG", progressive=True)
    for _ in range(scans):
        data = data[: data.rindex(b"\xff\xda")]
    with pytest.raises(InputError, match="damaged"):
        read_image(data)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_keeps_no_photo_out() -> None:
    tags = b"\1\x0f\0\2\0\0\0\6\0\0\x002" + b"\1\x12\0\3\0\0\0\1\0\x08\0\0" + b"\x88%\0\4\0\0\0\1\0\0\x008" + bytes(4)
    gps = b"\0\x80" + b"\0\1\0\2\0\0\0\2N\0\0\0" + b"\0\2\0\5\0\0\0\3\0\0\0V" + bytes(7) + b"\1\0\0\0\1"  # 128 tags?
    turned = b"Exif\0\0MM\0*\0\0\0\x08\0\3" + tags + b"Maker\0" + gps + b"\0\0\0\2\0\0\0\1\0\0\0\3\0\0\0\1"
    cut = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0"
    picture = Image.fromarray(NOISE[:32])
    assert read_image(encode(picture, "JPEG", exif=turned)).pixels.shape == (64, 32, 3)
    assert read_image(encode(picture, "JPEG", exif=cut)).pixels.shape == (32, 64, 3)


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("two jalapen\u0303os", ["two", "jalape\u00f1os"]),
        ("बच्चा कुत्ते के साथ", ["बच्चा", "कुत्ते", "के", "साथ"]),
        ("क्\u200dष", ["क्\u200dष"]),
        ("เด็ก วิ่ง.", ["เด็ก", "วิ่ง", "."]),
        ("كَلْبٌ يَجْرِي", ["كَلْبٌ", "يَجْرِي"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("a 👨\u200d👩\u200d👧🐶", ["a", "👨\u200d👩\u200d👧", "🐶"]),
        ("🇩🇪🇫🇷 a", ["🇩🇪", "🇫🇷", "a"]),
        ("👍🏽 1️⃣ a", ["👍🏽", "1️⃣", "a"]),
        ("🏴\U000e0067\U000e0062\U000e007f a", ["🏴\U000e0067\U000e0062\U000e007f", "a"]),
        ("葛\U000e0100か\u3099x", ["葛\U000e0100", "が", "x"]),
        ("cafe\u0301-'s photo\u00adgraph", ["café", "-", "'", "s", "photograph"]),
        ("z\u0301\u0327's x\u0327-y", ["\u017a\u0327's", "x\u0327-y"]),
        ("a\u200edog\u3000ran", ["a", "dog", "ran"]),
    ],
)
def test_words_hold_whole_characters(text: str, words: list[str]) -> None:
    text = check_text(text)
    assert [word.text for word in split_words(text)] == [unicodedata.normalize("NFC", word) for word in words]


def test_a_piece_inside_a_character_belongs_to_its_word() -> None:
    text = "कि 👨\u200d👧"  # ka and its vowel sign; a family of two
    tokens = group_pieces(text, ["क", "ि", "👨", "\u200d", "👧"], [(0, 1), (1, 2), (3, 4), (4, 5), (5, 6)])
    assert tokens.words == (Word("कि", 0, 2), Word("👨\u200d👧", 3, 6)) and tokens.word_of == (0, 0, 1, 1, 1)


def test_pieces_are_grouped_into_words() -> None:
    tokens = group_pieces("a skateboarder.", ["a", "skate", "##boarder"], [(0, 1), (2, 7), (7, 14)], truncated=True)
    assert tokens.words == (Word("a", 0, 1), Word("skateboarder", 2, 14))
    assert tokens.word_of == (0, 1, 1) and tokens.truncated
    with pytest.raises(ValueError, match="lie in no word"):
        group_pieces("a b", ["?"], [(1, 2)])


def test_chinese_is_cut_into_words() -> None:
    assert [word.text for word in split_words("一只cat和x狗, 猫")] == ["一只", "cat", "和", "x", "狗", ",", "猫"]
    tokens = group_pieces("两个男孩", ["▁", "两个", "男", "孩"], [(0, 1), (0, 2), (2, 3), (3, 4)])
    assert [word.text for word in tokens.words] == ["两个", "男孩"] and tokens.word_of == (0, 0, 1, 1)


def test_words_that_one_piece_holds_together_are_one() -> None:
    tokens = group_pieces("草地上狗", ["草地上", "狗"], [(0, 3), (3, 4)])
    assert [word.text for word in split_words("草地上狗")] == ["草地", "上", "狗"]
    assert [word.text for word in tokens.words] == ["草地上", "狗"] and tokens.word_of == (0, 1)
