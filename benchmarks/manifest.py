"""A manifest for an audit from a split with phrase boxes: one photo, one caption and one of its boxed phrases a row.

    python -m benchmarks.manifest DATA --split dev --rows 200 --output manifest.jsonl

DATA holds SPLIT.jsonl and images/, as for ``vtviz evaluate``. Photos are drawn at random by a seed; the phrase of a
photo follows from its name.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def drawn(data: Path, split: str, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of a manifest, in a random order; photos without a boxed phrase are left out."""
    photos = [json.loads(line) for line in (data / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
    random.Random(seed).shuffle(photos)
    for photo in photos:
        boxed = [phrase for phrase in photo["phrases"] if phrase["boxes"]]
        if boxed:
            phrase = random.Random(photo["image"]).choice(boxed)
            yield {
                "image": str((data / "images" / photo["image"]).resolve()),
                "text": photo["captions"][phrase["caption"]],
                "phrase": phrase["text"],
                "boxes": phrase["boxes"],
                "group": phrase["kind"][0],
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    rows = [row for row, _ in zip(drawn(given.data, given.split, given.seed), range(given.rows), strict=False)]
    given.output.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
