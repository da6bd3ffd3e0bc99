"""The colours of a decoded image in sRGB, on white: depths, palettes, transparency and colour profiles."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageCms
from PIL.ImageFile import ImageFile

from vtviz.image_files.formats import Format, open_image

GREY_STEPS = {"L;2": 85, "L;4": 17}  # Pillow widens these greys to 0..255, but not the one that is transparent
WIDE = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
PROFILE_BYTES = 4 * 2**20
SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # of a profile, and the mode that it describes
SAME = 3  # of 255: a profile that moves no colour further is sRGB, whatever it is called
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Colours:
    """A loaded ``image`` whose parts become RGB. ``low`` holds the second bytes of an image of 16 bits with the
    transparent colour ``clear``; ``wide`` the numbers of a grey image of more than 8 bits that are black and white;
    ``profile`` turns colours of its mode into sRGB."""

    image: ImageFile
    low: ImageFile | None
    clear: Any
    wide: tuple[float, float]
    profile: tuple[str, Any] | None

    @staticmethod
    def of(image: ImageFile, data: bytes, form: Format) -> Colours:
        """Decodes an image, with the transparent colour of PNG files of other depths, which Pillow misreads."""
        stored, clear = str(image.tile[0].args) if image.tile else "", image.info.get("transparency")
        image.load()
        low = None
        if clear is not None and stored in GREY_STEPS:
            image.info["transparency"] = clear * GREY_STEPS[stored]
        if clear is not None and stored == "RGB;16B":
            del image.info["transparency"]
            low = _second_bytes(data, form)
        return Colours(image, low, clear, _range_of(image), _profile_of(image))

    def in_rgb(self, box: Box) -> Image.Image:
        """A part of the image in sRGB, on white where it is transparent."""
        part = self.image.crop(box)
        if part.mode in WIDE:
            part = _narrowed(part, self.clear, *self.wide)
        elif self.low is not None:
            part.putalpha(_opaque(part, self.low.crop(box), self.clear))
        if "transparency" in part.info:
            part = part.convert("RGBA")
        if part.mode not in ("RGBA", "LA", "PA", "La", "RGBa"):
            return self._in_srgb(part)
        layer = part.convert("RGBA")
        white = Image.new("RGB", part.size, "white")
        white.paste(self._in_srgb(part.convert("L") if part.mode == "LA" else layer.convert("RGB")), mask=layer)
        return white

    def _in_srgb(self, part: Image.Image) -> Image.Image:
        if self.profile is not None:
            mode, transform = self.profile
            if part.mode != mode and mode == "RGB":
                part = part.convert(mode)
            if part.mode == mode:
                part = ImageCms.applyTransform(part, transform) or part
        return part if part.mode == "RGB" else part.convert("RGB")


def _second_bytes(data: bytes, form: Format) -> ImageFile:
    """A PNG file of 16-bit RGB read as little-endian: Pillow keeps one byte of each number, here the second."""
    low = open_image(data, form)
    low.tile = [tile._replace(args="RGB;16L") for tile in low.tile]
    low.load()
    return low


def _opaque(high: Image.Image, low: Image.Image, clear: Sequence[int]) -> Image.Image:
    """255 where a pixel of 16-bit RGB is not ``clear``; ``high`` and ``low`` hold the bytes of each number."""
    differing = [
        band.point([0 if value == wanted else 255 for value in range(256)])
        for image, colour in ((high, [value >> 8 for value in clear]), (low, [value & 255 for value in clear]))
        for band, wanted in zip(image.split(), colour, strict=True)
    ]
    return reduce(ImageChops.lighter, differing)


def _range_of(image: Image.Image) -> tuple[float, float]:
    """The numbers that are black and white: those of 16 bits, or the least and greatest of a measurement."""
    if image.mode not in ("I", "F"):
        return 0, 65535
    least, greatest = (float(value) for value in image.getextrema())  # type: ignore[arg-type]
    if image.mode == "I" and least >= 0 and 255 < greatest <= 65535:  # 16 bits in 32
        return 0, 65535
    finite = np.isfinite([least, greatest]).all()
    return (least, greatest) if finite and greatest > least else (0, 255)


def _narrowed(part: Image.Image, clear: Any, black: float, white: float) -> Image.Image:
    """A grey image of more than 8 bits in 8; ``clear`` is the transparent grey. convert() would clip it to 255."""
    wide = np.asarray(part)
    scaled = (wide.astype(np.float32) - np.float32(black)) * np.float32(255 / (white - black))
    grey = Image.fromarray(np.nan_to_num(scaled).round().clip(0, 255).astype(np.uint8))
    if isinstance(clear, int):
        grey.putalpha(Image.fromarray(wide != clear).convert("L"))
    return grey


def _profile_of(image: Image.Image) -> tuple[str, Any] | None:
    """The mode that an embedded colour profile describes and its way to sRGB; None where there is none to go."""
    data = image.info.get("icc_profile")
    if not isinstance(data, bytes) or not 0 < len(data) <= PROFILE_BYTES:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        mode = SPACES.get(profile.profile.xcolor_space.strip())
        if mode is None:
            return None
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
        return None if mode == "RGB" and _moves_nothing(transform) else (mode, transform)
    except Exception:  # a profile that cannot be read leaves the colours as they are
        return None


def _moves_nothing(transform: Any) -> bool:
    steps = (0, 32, 64, 128, 192, 255)
    probe = np.array([list(product(steps, repeat=3))], np.uint8)
    moved = np.asarray(ImageCms.applyTransform(Image.fromarray(probe), transform))
    return int(np.abs(moved.astype(int) - probe.astype(int)).max()) <= SAME
