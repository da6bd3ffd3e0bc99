"""What trainings read: rows of data sets of any shape, and the files that an earlier training left, damaged."""

from __future__ import annotations

import io
import json
import random
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from tests.reliability.fuzz.running import Read, changed, mutated
from vtviz.training.data_set import read_data
from vtviz.training.run_files import HISTORY, RUN, followed, read_histories, read_run, write_table

PHRASE = {"caption": 0, "start": 0, "end": 5, "boxes": [[0.1, 0.1, 0.5, 0.5]]}
ROWS: tuple[dict[str, Any], ...] = (
    {"captions": ["a dog", "a cat"], "phrases": [PHRASE], "foils": [{"caption": 1, "text": "a cow"}]},
    {"written": ["一只狗"], "translated": ["一只猫", None]},
    {"file_name": "0.png", "caption": "a dog", "phrase": "dog", "boxes": [[1, 1, 5, 5]], "unit": "pixel", "label": 1},
)
ABOUT: dict[str, Any] = {
    "network": "vtviz-recurrent",
    "settings": {"epochs": 6.0, "losses": ["match"], "width": 192},
    "seconds": 12.5,
    "photos": {"train": 4, "dev": 2},
    "examples": [{"image": "0.png", "text": "a dog", "phrases": [PHRASE]}],
    "figures": {"auc": 0.9},
    "refused": ["a.csv, line 1: why"],
}


def cases(rng: random.Random) -> Iterator[Read]:
    """Folders of data, and folders of trainings, in turn."""
    buffer = io.BytesIO()
    Image.new("RGB", (16, 12), "red").save(buffer, "PNG")
    while True:
        rows = [{"image": f"{number}.png", **rng.choice(ROWS)} for number in range(6)]
        lines = [json.dumps(changed(row, rng) if rng.random() < 0.4 else row) for row in rows]
        yield partial(_data, buffer.getvalue(), "\n".join(lines).encode("utf-8", "surrogatepass"))
        run = json.dumps(changed(ABOUT, rng)).encode("utf-8", "surrogatepass")
        steps = b"".join(
            json.dumps(changed({"step": 10, "rate": 0.1, "auc": 0.5}, rng)).encode() + b"\n" for _ in "abc"
        )
        yield partial(_left, *(part if rng.random() < 0.5 else mutated(part, rng) for part in (run, steps)))


def _data(photo: bytes, lines: bytes) -> object:
    with tempfile.TemporaryDirectory() as name:
        for number in range(6):
            (Path(name) / f"{number}.png").write_bytes(photo)
        (Path(name) / "train.jsonl").write_bytes(lines)
        return read_data(name)


def _left(run: bytes, history: bytes) -> object:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / RUN).write_bytes(run)
        (folder / HISTORY).write_bytes(history)
        read_histories(folder)
        write_table(folder)
        settings = read_run(folder).get("settings", {})
        with followed(folder, {"settings": settings}, resume=True):
            return True
