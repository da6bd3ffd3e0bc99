"""Manifests in every form and encoding, damaged in every way."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.reliability.fuzz.running import ODD, Read, changed, mutated
from vtviz.manifests.read import read_manifest

ROW = {"image": "a.jpg", "text": "a dog, running", "boxes": [[0.1, 0.2, 0.5, 0.6]], "phrase": "dog", "group": "pets"}
COCO = {
    "images": [{"id": 1, "file_name": "a.jpg"}],
    "annotations": [{"image_id": 1, "caption": "a dog"}, {"image_id": 1, "caption": "a cat"}],
}
KARPATHY = {"images": [{"filename": "a.jpg", "sentences": [{"raw": "a dog"}]}], "dataset": "x"}
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "gb18030")


def cases(rng: random.Random) -> Iterator[Read]:
    """Reads of manifests, most of them damaged."""
    folder = Path(tempfile.mkdtemp(prefix="vtviz-fuzz-"))
    while True:
        name, text = rng.choice((_table, _lines, _json))(rng)
        data = text.encode(rng.choice(ENCODINGS), errors="replace")
        if rng.random() < 0.5:
            data = mutated(data, rng, b'"","[[{{\r\n\t;sep=|')
        if rng.random() < 0.02:
            data = rng.choice((b"[" * 100_000, b'{"a":' * 50_000, b'"' * 9999, b"\0" * 999, bytes(range(256)), b""))
        yield partial(_read, folder / name, data)


def _read(path: Path, data: bytes) -> object:
    path.write_bytes(data)
    manifest = read_manifest(path)
    for row in manifest.rows[:3]:
        try:
            row.photo()
        except ValueError:  # the reason of the row; there are no photos here
            continue
    return manifest


def _table(rng: random.Random) -> tuple[str, str]:
    separator = rng.choice(",;\t|")
    header = rng.choice((["image", "text", "boxes"], ["File Name", "Caption", ""], ["text", "image"], ["", "", ""]))
    fields = ["a.jpg", "a dog", "[[0,0,1,1]]", "C:\\a\\b.jpg", '"a', "", "1,5", "~", "é", "狗", "\0", "a\nb"]
    lines = [header, *([rng.choice(fields) for _ in range(rng.choice((2, 3, 3, 4)))] for _ in range(rng.randrange(6)))]
    start = rng.choice(("", "", "sep=;\n", "\n\n", "sep=\\t\r\n"))
    end = rng.choice(("\n", "\r\n", "\r"))
    quoted = rng.random() < 0.5
    rows = [separator.join('"' + f.replace('"', '""') + '"' if quoted else f for f in line) for line in lines]
    return rng.choice(("m.csv", "m.tsv", "m.txt")), start + end.join(rows)


def _lines(rng: random.Random) -> tuple[str, str]:
    rows = [changed(ROW, rng) if rng.random() < 0.5 else ROW for _ in range(rng.randrange(1, 5))]
    return "m.jsonl", "\n".join(json.dumps(row) for row in rows)


def _json(rng: random.Random) -> tuple[str, str]:
    value = rng.choice((COCO, KARPATHY, [ROW], {"a.jpg": ["a dog"]}, rng.choice(ODD)))
    for _ in range(rng.randrange(3)):
        value = changed(value, rng)
    return "m.json", json.dumps(value)
