"""What causes are planted in: square photos with a text each, a mark for them, and collages of four."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from vtviz.audit.kept import photo_of_row
from vtviz.chinese import Language, language_of
from vtviz.inputs import ImageInput, read_image
from vtviz.manifests.read import Row
from vtviz.metrics.localisation import Box
from vtviz.paths import ASSETS
from vtviz.scenes.captions import describe
from vtviz.scenes.draw import draw_scene, shape_mask
from vtviz.scenes.things import lay_out

SIDE = 384  # pixels of a square photo
FEWEST = 8  # photos; where an audit has fewer, samples join them
MOST = 48
WHERE = "planted causes"  # as the log calls what a row is left out of
TILES = 4  # marks that fit side by side
INK, PAPER = (236, 0, 140), (250, 250, 250)


@dataclass(frozen=True)
class Carrier:
    """A square photo, ``pixels [SIDE, SIDE, 3]`` as uint8, and a text that describes it."""

    pixels: np.ndarray
    text: str

    @property
    def image(self) -> ImageInput:
        return photo_of(self.pixels)


def photo_of(pixels: np.ndarray) -> ImageInput:
    """Pixels as a photo, named by what they show."""
    pixels = np.ascontiguousarray(pixels)
    return ImageInput(pixels, hashlib.sha256(pixels.tobytes()).hexdigest())


def carriers_of(rows: Sequence[Row], most: int = MOST) -> tuple[Carrier, ...]:
    """The photos of at most ``most`` rows, evenly spread, each once and with a text that describes it; and samples
    where there are fewer than ``FEWEST``."""
    own = {row.image: row for row in rows if row.label != 0}
    places = np.linspace(0, len(own) - 1, min(most, len(own))).round().astype(int).tolist() if own else []
    chosen = [list(own.values())[place] for place in places]
    result = [Carrier(_square(image), row.text) for row in chosen if (image := photo_of_row(row, WHERE)) is not None]
    if len(result) < FEWEST:
        language: Language = language_of(result[0].text) if result else "en"
        result += samples(language)[: FEWEST - len(result)]
    return tuple(result)


def _square(image: ImageInput) -> np.ndarray:
    """The middle of a photo."""
    return np.asarray(ImageOps.fit(image.to_pil(), (SIDE, SIDE), Image.Resampling.BILINEAR))


@cache
def samples(language: Language) -> tuple[Carrier, ...]:
    """The packaged photos with a text in a language."""
    folder, key = ASSETS / "samples", "texts" if language == "en" else f"texts_{language}"
    listed = json.loads((folder / "samples.json").read_text(encoding="utf-8"))
    return tuple(Carrier(_square(read_image((folder / item["file"]).read_bytes())), item[key][0]) for item in listed)


def scenes(count: int, seed: int) -> Iterator[Carrier]:
    """Composed photos of drawn things, with a text each."""
    for index in range(count):
        rng = random.Random(f"planted-{seed}-{index}")
        picture, things = draw_scene(lay_out(rng, SIDE, SIDE), (SIDE, SIDE), rng)
        yield Carrier(np.asarray(picture), describe(things, rng)[0].written()[0])


def mark(side: int) -> Image.Image:
    """The watermark, ``side`` pixels wide: a star in a frame, as no photo shows it."""
    picture = Image.new("RGB", (side, side), PAPER)
    picture.paste(INK, (0, 0), shape_mask("star", side, 0.0))
    ImageDraw.Draw(picture).rectangle((0, 0, side - 1, side - 1), outline=INK, width=max(1, side // 12))
    return picture


def marked(pixels: np.ndarray, box: Box) -> np.ndarray:
    """A square photo with the watermark in a box (fractions of the photo)."""
    picture = Image.fromarray(pixels)
    left, top, right, _ = (round(value * SIDE) for value in box)
    picture.paste(mark(right - left), (left, top))
    return np.asarray(picture)


def place_of_mark(grid: tuple[int, int], rng: np.random.Generator) -> Box:
    """A box of whole patches for the mark, about a quarter of the photo wide, on a grid of patches.

    The places lie side by side, so that no patch is marked more often than another, and a method that ignores the
    photo, such as one that always points at the middle, finds the mark no more often than by chance.
    """
    cells = max(1, round(min(grid) / TILES))
    row, column = (int(rng.choice(_starts(length, cells))) for length in grid)
    return column / grid[1], row / grid[0], (column + cells) / grid[1], (row + cells) / grid[0]


def _starts(length: int, cells: int) -> list[int]:
    """Where so many patches side by side begin, as often as they fit into a row of ``length``, spread over it."""
    return [round(start) for start in np.linspace(0, length - cells, max(1, length // cells))]


def collage(tiles: Sequence[np.ndarray]) -> np.ndarray:
    """Four square photos as one (the grid pointing game of Böhle, Fritz and Schiele, CVPR 2021)."""
    half = SIDE // 2
    small = [np.asarray(Image.fromarray(tile).resize((half, half), Image.Resampling.BOX)) for tile in tiles]
    return np.vstack([np.hstack(small[:2]), np.hstack(small[2:])])


def tile_box(place: int) -> Box:
    """The box of a tile of a collage."""
    row, column = divmod(place, 2)
    return column / 2, row / 2, (column + 1) / 2, (row + 1) / 2
