"""Photos and encodings that need no model: a photo's vector is what its colours are, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from vtviz.inputs import ImageInput
from vtviz.tasks.search.entry import Entry
from vtviz.tasks.search.index import Indexed, index_folder
from vtviz.tasks.search.kept import in_eight_bits
from vtviz.tasks.search.sides import EncodedPhotos
from vtviz.watch import Watch

WIDTH = 48
WEIGHTS = "a" * 64


def encode(images: Sequence[ImageInput]) -> EncodedPhotos:
    """The 4 × 4 mean colours of photos, less their mean."""
    rows = []
    for image in images:
        small = np.asarray(image.to_pil().resize((4, 4), Image.Resampling.BOX), np.float32).ravel()
        centred = small - small.mean() + 1e-3
        rows.append(centred / np.linalg.norm(centred))
    vectors = np.stack(rows)
    parts = in_eight_bits({"local": torch.from_numpy(vectors.reshape(-1, 6, 8))})
    return EncodedPhotos(vectors, parts)


def save_photo(path: Path, seed: int, size: tuple[int, int] = (64, 48)) -> Path:
    """A photo of 6 × 6 coloured places that looks like no other, as a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colours = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(colours).resize(size, Image.Resampling.NEAREST).save(path)
    return path


def index(photos: Path, store: Path | str, watch: Watch | None = None) -> Indexed:
    """Indexes a folder without a model."""
    return index_folder(photos, str(store), "made", WEIGHTS, encode, watch)


def entry(path: str, taken: float = 0.0, size: tuple[int, int] = (640, 480)) -> Entry:
    """An entry of a photo that does not exist."""
    return Entry(path, 1000, 10**18 + 7, f"{hash(path) % 16**8:064x}", *size, taken, "0" * 16)
