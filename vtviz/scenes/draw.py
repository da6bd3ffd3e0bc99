"""Draws scenes: textures of the sample photos, muted, and things on them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import cache
from itertools import product

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

from vtviz.paths import ASSETS
from vtviz.scenes.things import Thing

SIZES = ((192, 192), (208, 160), (160, 208), (224, 176))  # width and height of photos, in pixels
FINE = 3  # things are drawn this many times larger, so that their edges are smooth
TEXTURE = 384  # longest side of a sample as a texture, in pixels
PAINT = {
    "red": (214, 32, 34),
    "green": (38, 158, 58),
    "blue": (36, 76, 206),
    "yellow": (246, 208, 32),
    "purple": (128, 44, 168),
    "pink": (250, 130, 186),
    "white": (250, 250, 250),
    "black": (18, 18, 22),
}
JITTER = 10  # of each colour value
TURN = 10.0  # degrees

Draw = Callable[[ImageDraw.ImageDraw, float], None]


@cache
def textures() -> tuple[Image.Image, ...]:
    """The sample photos, scaled down."""
    photos = [Image.open(path).convert("RGB") for path in sorted((ASSETS / "samples").glob("*.jpg"))]
    for photo in photos:
        photo.thumbnail((TEXTURE, TEXTURE))
    return tuple(photos)


def draw_scene(things: Sequence[Thing], size: tuple[int, int], rng: random.Random) -> tuple[Image.Image, list[Thing]]:
    """A photo of things, and the things with the boxes of what was really drawn."""
    photo, drawn = _background(size, rng), []
    for thing in things:
        x0, y0, x1, _ = thing.box
        left, top, side = round(x0 * size[0]), round(y0 * size[1]), round((x1 - x0) * size[0])
        mask = shape_mask(thing.shape, side, rng.uniform(-TURN, TURN))
        photo.paste((0, 0, 0), (left + 2, top + 2), mask.point(lambda value: value * 2 // 5))  # a shadow
        photo.paste(_surface(thing.colour, side, rng), (left, top), mask)
        inner = mask.point(lambda value: 255 * (value > 127)).getbbox() or (0, 0, side, side)
        box = tuple(
            (corner + start) / length for corner, start, length in zip(inner, (left, top) * 2, size * 2, strict=True)
        )
        drawn.append(Thing(thing.shape, thing.colour, thing.size, box))  # type: ignore[arg-type]
    return photo, drawn


def _background(size: tuple[int, int], rng: random.Random) -> Image.Image:
    """A part of a sample photo, so grey and flat that no thing is lost on it."""
    part = _part(rng.choice(textures()), size[0] / size[1], rng).resize(size, Image.Resampling.BILINEAR)
    part = ImageEnhance.Contrast(ImageEnhance.Color(part).enhance(0.25)).enhance(rng.uniform(0.3, 0.5))
    level = rng.uniform(110, 165)
    shift = level - float(np.asarray(part).mean())
    return part.point(lambda value: value + shift)


def _part(photo: Image.Image, aspect: float, rng: random.Random) -> Image.Image:
    """A random part of a photo, with a width of ``aspect`` times its height."""
    height = min(photo.height, photo.width / aspect) * rng.uniform(0.35, 1.0)
    width = height * aspect
    left, top = rng.uniform(0, photo.width - width), rng.uniform(0, photo.height - height)
    return photo.crop((round(left), round(top), round(left + width), round(top + height)))


def _surface(colour: str, side: int, rng: random.Random) -> Image.Image:
    """A square of a colour, with the light and shade of a sample photo."""
    part = _part(rng.choice(textures()), 1.0, rng).convert("L").resize((side, side), Image.Resampling.BILINEAR)
    shade = np.asarray(part, np.float32)
    shade = 1.0 + 0.18 * (shade - shade.mean()) / (shade.std() + 8.0)
    paint = np.array([value + rng.uniform(-JITTER, JITTER) for value in PAINT[colour]], np.float32)
    return Image.fromarray((shade[..., None] * paint).clip(0, 255).astype(np.uint8))


def shape_mask(shape: str, side: int, angle: float) -> Image.Image:
    """Where a shape is, turned by an angle in degrees: an image ``[side, side]`` of 0..255."""
    mask = Image.new("L", (side * FINE, side * FINE), 0)
    DRAW[shape](ImageDraw.Draw(mask), side * FINE)
    return mask.rotate(angle, Image.Resampling.BILINEAR).resize((side, side), Image.Resampling.BOX)


def _ellipse(draw: ImageDraw.ImageDraw, side: float, inset: float, fill: int = 255) -> None:
    draw.ellipse((inset * side, inset * side, (1 - inset) * side - 1, (1 - inset) * side - 1), fill)


def _polygon(*corners: tuple[float, float]) -> Draw:
    def draw(canvas: ImageDraw.ImageDraw, side: float) -> None:
        canvas.polygon([(x * side, y * side) for x, y in corners], fill=255)

    return draw


def _ring(draw: ImageDraw.ImageDraw, side: float) -> None:
    _ellipse(draw, side, 0.02)
    _ellipse(draw, side, 0.27, fill=0)


def _heart_corners() -> list[tuple[float, float]]:
    turns = [index / 60 * 2 * math.pi for index in range(60)]
    return [
        (
            0.5 + 0.029 * 16 * math.sin(turn) ** 3,
            0.46 - 0.029 * (13 * math.cos(turn) - 5 * math.cos(2 * turn) - 2 * math.cos(3 * turn) - math.cos(4 * turn)),
        )
        for turn in turns
    ]


def _star_corners() -> list[tuple[float, float]]:
    turns = [(index / 10 * 2 * math.pi, 0.5 if index % 2 == 0 else 0.21) for index in range(10)]
    return [(0.5 + radius * math.sin(turn), 0.52 - radius * math.cos(turn)) for turn, radius in turns]


def _cross(draw: ImageDraw.ImageDraw, side: float) -> None:
    for across, down in product((0.05, 0.34), repeat=2):
        if across != down:
            draw.rectangle((across * side, down * side, (1 - across) * side, (1 - down) * side), fill=255)


DRAW: dict[str, Draw] = {
    "circle": lambda draw, side: _ellipse(draw, side, 0.02),
    "square": _polygon((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)),
    "triangle": _polygon((0.5, 0.06), (0.96, 0.9), (0.04, 0.9)),
    "star": _polygon(*_star_corners()),
    "heart": _polygon(*_heart_corners()),
    "cross": _cross,
    "ring": _ring,
    "diamond": _polygon((0.5, 0.0), (0.85, 0.5), (0.5, 1.0), (0.15, 0.5)),
}
