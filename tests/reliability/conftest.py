"""What the reported cases share: a door to the small network, and a data set of four photos."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vtviz.audit.settings import Settings
from vtviz.engine.cache import Kept
from vtviz.engine.local import Bench
from vtviz.jobs.door import Door
from vtviz.manifests.read import Manifest, read_manifest
from vtviz.models.vtviz_base.model import VtvizBase

Written = Callable[..., Manifest]


@pytest.fixture
def door(tiny: VtvizBase) -> Door:
    bench = Bench("tiny", tiny.device, Kept(8), Kept(1))
    return lambda request, watch: request.answer(tiny, bench, watch)


@pytest.fixture
def settings() -> Settings:
    """Those of an audit with one metric and no checks, which takes no time."""
    return Settings(("tiny",), ("raw_attention",), metrics=("coverage",), probes=0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with ``images/0.png`` to ``3.png``."""
    (tmp_path / "images").mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
    return tmp_path


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """Four photos with a caption each."""
    captions = ("a dog", "a dog runs", "a skateboarder", "runs")
    return [{"image": f"{number}.png", "captions": [caption]} for number, caption in enumerate(captions)]


@pytest.fixture
def written(data: Path) -> Written:
    """Writes a manifest beside ``images/`` and reads it."""

    def write(content: str | bytes, name: str = "manifest.jsonl") -> Manifest:
        path = data / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_manifest(path)

    return write
