"""A data set of three photos for the small network of tests/conftest.py."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vtviz.evaluation.split import Row

CAPTIONS = ("a dog", " a dog runs", "a skateboarder")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder, with ``images/``."""
    (tmp_path / "images").mkdir()
    for number in range(len(CAPTIONS)):
        pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
    return tmp_path


@pytest.fixture
def rows() -> list[Row]:
    """Each photo with one caption, whose first two words are a phrase; its box is the whole photo."""
    rows = []
    for number, caption in enumerate(CAPTIONS):
        text = " ".join(caption.split()[:2])
        start = caption.index(text)
        phrase = {"caption": 0, "start": start, "end": start + len(text), "text": text, "kind": ["animals"]}
        row = {"image": f"{number}.png", "captions": [caption], "phrases": [{**phrase, "boxes": [[0, 0, 1, 1]]}]}
        rows.append(row)
    return rows
