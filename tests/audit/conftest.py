"""A small manifest with photos, and a door to the small network of the attribution tests."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vtviz.audit.settings import Settings
from vtviz.engine.cache import Kept
from vtviz.engine.local import Bench
from vtviz.jobs.door import Door
from vtviz.models.vtviz_base.model import VtvizBase

SETTINGS = Settings(("tiny",), ("raw_attention", "attention_gradcam"), steps=3, probes=2)
TEXTS = ("a dog runs", "a skateboarder", "a dog", "a <b>dog</b> runs", "dog skateboarder")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return write_manifest(tmp_path)


def write_manifest(tmp_path: Path) -> Path:
    """Five rows about four photos, in two groups, one box; the third photo is damaged."""
    rng, rows = np.random.default_rng(0), []
    for number, text in enumerate(TEXTS):
        name = f"photo-{min(number, 3)}.png"
        Image.fromarray(rng.integers(0, 255, (40, 60, 3), dtype=np.uint8)).save(tmp_path / name)
        rows.append({"image": name, "text": text, "group": "even" if number % 2 == 0 else "odd"})
    rows[0] |= {"boxes": [[0.0, 0.0, 0.5, 1.0]], "phrase": "dog"}
    (tmp_path / "photo-2.png").write_bytes(b"no photo")
    path = tmp_path / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="session")
def door(tiny: VtvizBase) -> Door:
    bench = Bench("tiny", tiny.device, Kept(8), Kept(1))
    return lambda request, watch: request.answer(tiny, bench, watch)
