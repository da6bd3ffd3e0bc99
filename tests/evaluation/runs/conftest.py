"""Pairs about four photos, one of which is damaged, and a door to the small network."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vtviz.engine.cache import Kept
from vtviz.engine.local import Bench
from vtviz.jobs.door import Door
from vtviz.models.vtviz_base.model import VtvizBase

TEXTS = ("a dog runs", "a skateboarder", "dog", "a <b>dog</b> runs", "runs", "dog skateboarder")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Three pairs of each of three photos, two of the damaged one."""
    rng, rows = np.random.default_rng(0), []
    for number in range(3):
        Image.fromarray(rng.integers(0, 255, (40, 60, 3), dtype=np.uint8)).save(tmp_path / f"{number}.png")
        for k in range(3):
            text = TEXTS[(number + k) % len(TEXTS)]
            rows.append({"image": f"{number}.png", "text": text, "label": int(k == 0), "group": ["even", "odd"][k % 2]})
    (tmp_path / "3.png").write_bytes(b"no photo")
    rows += [{"image": "3.png", "text": text, "label": 1} for text in TEXTS[:2]]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="session")
def door(tiny: VtvizBase) -> Door:
    bench = Bench("tiny", tiny.device, Kept(8), Kept(1))
    return lambda request, watch: request.answer(tiny, bench, watch)
