"""Reports that are to be replayed, damaged and hostile."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from tests.reliability.fuzz.running import Read, changed, mutated
from vtviz.audit.audit import SCHEMA
from vtviz.audit.replay import differences, read_report, replay
from vtviz.audit.settings import Settings
from vtviz.inputs import InputError


def cases(rng: random.Random) -> Iterator[Read]:
    """Replays of reports, up to the door of the model."""
    folder = Path(tempfile.mkdtemp(prefix="vtviz-fuzz-"))
    (folder / "m.jsonl").write_text(json.dumps({"image": "a.jpg", "text": "a dog"}))
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "settings": Settings().to_dict(),
        "inputs": {"path": str(folder / "m.jsonl"), "sha256": "0", "photos_sha256": "1"},
        "models": [{"name": "vtviz-base", "weights_sha256": "2"}],
        "summary": {"rows": {"vtviz-base": {"total": 1}}, "metrics": {"a": [1.0, None]}},
    }
    places = ("/dev/zero", "/dev/stdin", "/proc/kmsg", "/", str(folder), "\0", "https://example.org/m.csv", "~")
    models = (
        "open_clip:hf-hub:a/b",
        "open_clip:ViT-B-32/openai",
        "open_clip:auto@/dev/zero",
        "open_clip:auto@~x/y",
        "x",
    )
    while True:
        value = report
        for _ in range(rng.randrange(3)):
            value = changed(value, rng)
        if rng.random() < 0.2:
            value = {**report, "inputs": {**report["inputs"], "path": rng.choice(places)}}
        if rng.random() < 0.2:
            value = {**report, "settings": {**report["settings"], "models": [rng.choice(models)]}}
        data = json.dumps(value).encode()
        if rng.random() < 0.3:
            data = mutated(data, rng, data)
        if rng.random() < 0.03:
            data = rng.choice((b"[" * 100_000, b"", b"\xff\xfe", b'{"a":' * 9999, b"nan", b"1e999", b"\0" * 99))
        yield partial(_replay, folder / "report.json", data)


def _refuse(request: object, watch: object) -> NoReturn:
    raise InputError("The text contains no words; write a sentence about the photo.")  # no model is needed here


def _replay(path: Path, data: bytes) -> object:
    path.write_bytes(data)
    report = read_report(path)
    list(map(str, differences(report["summary"], {"rows": 1, "metrics": {"a": [2, "x"]}}, "summary")))
    with tempfile.TemporaryDirectory() as folder:
        return replay(path, Path(folder), _refuse)
