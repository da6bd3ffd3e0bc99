"""Photos as phones, scanners and programs write them: every format, colour and size."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from pillow_heif import from_pillow

from tests.reliability.test_photos import saved
from vtviz.files import read_photo
from vtviz.image_files import decode
from vtviz.inputs import InputError, image_size, read_image
from vtviz.ui.ask.photos import DecodedPhotos

BLUE = (30, 60, 200)
FLAT = Image.new("RGB", (64, 48), BLUE)


def heic(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    from_pillow(image).save(buffer, quality=90)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "AVIF", "HEIC"])
def test_what_phones_and_scanners_write_opens(form: str) -> None:
    image = read_image(heic(FLAT) if form == "HEIC" else saved(FLAT, form))
    assert (image.width, image.height) == (64, 48)
    np.testing.assert_allclose(image.pixels[24, 32], BLUE, atol=4)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_the_size_of_a_photo_is_known_upright_from_its_beginning(form: str) -> None:
    turned = Image.Exif()
    turned[0x112] = 6
    buffer = io.BytesIO()
    if form == "HEIC":
        from_pillow(FLAT).save(buffer, exif=turned.tobytes())
    else:
        FLAT.save(buffer, form, exif=turned)
    assert image_size(buffer.getvalue()) == read_image(buffer.getvalue()).file_size == (48, 64)


def test_the_first_frame_of_an_animation_is_read() -> None:
    several = saved(FLAT, "GIF", save_all=True, append_images=[Image.new("RGB", FLAT.size, "red")])
    assert read_image(several).pixels[24, 32].tolist() == list(BLUE)


def profile(gamma: float) -> bytes:
    """A colour profile with the primaries of sRGB and a tone curve of its own, made by hand from that of sRGB."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132])
    for entry in range(132, 132 + 12 * count, 12):
        if data[entry : entry + 4] in (b"rTRC", b"gTRC", b"bTRC"):
            start = int.from_bytes(data[entry + 4 : entry + 8])
            data[start : start + 14] = b"curv\0\0\0\0\0\0\0\1" + round(gamma * 256).to_bytes(2)
            data[entry + 8 : entry + 12] = (14).to_bytes(4)
    return bytes(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_colour_profile_is_turned_into_srgb(form: str) -> None:
    """A number x of gamma 1 shows the light x; sRGB writes that light as 1.055 x^(1/2.4) − 0.055."""
    grey = Image.new("RGB", (64, 48), (64, 64, 64))
    options = {"lossless": True} if form == "WEBP" else {}
    light = 64 / 255
    wanted = round(255 * (1.055 * light ** (1 / 2.4) - 0.055))
    pixels = read_image(saved(grey, form, icc_profile=profile(1.0), **options)).pixels
    np.testing.assert_allclose(pixels[24, 32], wanted, atol=2)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kept in (srgb, b"no profile", b""):
        assert read_image(saved(grey, form, icc_profile=kept, **options)).pixels[24, 32].tolist() == [64, 64, 64]


def test_a_large_photo_is_kept_at_the_size_that_is_shown() -> None:
    wide = Image.new("RGB", (4000, 1000), BLUE)
    wide.paste((255, 255, 255), (2000, 0, 4000, 1000))
    for form in ("JPEG", "PNG", "WEBP"):
        image = read_image(saved(wide, form))
        assert (image.width, image.height, image.file_size) == (decode.SIDE, decode.SIDE // 4, (4000, 1000))
        np.testing.assert_allclose(image.pixels[200, [100, 700, 900, 1500], 0], [30, 30, 255, 255], atol=3)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = read_image(saved(wide, "JPEG", exif=exif))
    assert (turned.width, turned.height, turned.file_size) == (decode.SIDE // 4, decode.SIDE, (1000, 4000))


def test_a_jpeg_beyond_the_limit_is_read_at_a_reduced_size_and_says_so() -> None:
    huge = saved(Image.new("L", (12_000, 6_000), 90), "JPEG")
    image = read_image(huge)
    assert image.is_reduced and image.file_size == (12_000, 6_000) and image.width == decode.SIDE
    assert not read_image(saved(FLAT, "JPEG")).is_reduced
    with pytest.raises(InputError, match="more than 50 megapixels"):  # it would be held in full first
        read_image(saved(Image.new("L", (12_000, 6_000), 90), "JPEG", progressive=True))


def test_deep_grey_of_any_width_keeps_its_values() -> None:
    for form, values in (("PNG", np.uint16), ("TIFF", np.uint16), ("TIFF", np.int32)):
        deep = Image.fromarray(np.tile(np.array([0, 257, 32896, 65535] * 4, dtype=values), (16, 1)))
        assert read_image(saved(deep, form)).pixels[0, :4, 0].tolist() == [0, 1, 128, 255]
    measured = Image.fromarray(np.linspace(-3, 5, 256, dtype=np.float32).reshape(16, 16))
    assert [read_image(saved(measured, "TIFF")).pixels[y, y, 0] for y in (0, 15)] == [0, 255]


@pytest.mark.parametrize("make", ["png", "webp", "deep"])
def test_a_small_file_of_many_pixels_costs_little_memory(tmp_path: Path, make: str) -> None:
    """Each in a process of its own, whose peak is that of one photo; 25 megapixels here, to be quick."""
    image = Image.new("I;16" if make == "deep" else "RGBA", (5800, 4300))
    file = tmp_path / "photo"
    image.save(file, "WEBP" if make == "webp" else "PNG", **({"lossless": True, "method": 0} if make == "webp" else {}))
    code = (
        "import resource, sys, pathlib; from vtviz.inputs import read_image;"
        "data = pathlib.Path(sys.argv[1]).read_bytes();"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; before = peak(); read_image(data);"
        "print((peak() - before) // 1024)"
    )
    taken = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True).stdout
    assert int(taken) < 450


def test_decoded_photos_are_kept_by_their_bytes() -> None:
    data = [saved(Image.new("RGB", (100, 100), (value, 0, 0)), "PNG") for value in range(5)]
    kept = DecodedPhotos(limit=2 * 30_000)
    images = [kept.get(str(number), each) for number, each in enumerate(data)]
    assert list(kept.photos) == ["3", "4"] and kept.get("4", b"") is images[4]


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "."])
def test_what_is_no_file_is_not_read(path: str) -> None:
    with pytest.raises(InputError, match=r"it is not a file|Is a directory"):
        read_photo(Path(path))


def test_a_pipe_and_a_circle_of_links_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, reason in (("pipe", "it is not a file"), ("loop", "symbolic links")):
        with pytest.raises(InputError, match=reason):
            read_photo(tmp_path / name)


def test_memory_that_runs_out_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(decode, "_in_strips", full)
    with pytest.raises(InputError, match="not enough memory"):
        read_image(saved(FLAT, "PNG"))
