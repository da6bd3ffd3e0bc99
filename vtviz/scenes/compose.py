"""Writes the built-in data set in the form of every other: a file of JSON lines a split, and ``images/``."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from vtviz.files import cache_folder, from_home, make_folder, write_atomically
from vtviz.scenes.captions import Statement, describe, foil_of
from vtviz.scenes.draw import SIZES, draw_scene
from vtviz.scenes.things import Thing, lay_out
from vtviz.watch import Watch

NAME = "scenes"
PHOTOS = 2000
SHARES = {"train": 0.8, "dev": 0.1, "test": 0.1}
VERSION = 1  # of how scenes are composed
QUALITY = 88  # of the JPEG files


def scenes_folder(seed: int = 0, photos: int = PHOTOS, watch: Watch | None = None) -> Path:
    """The folder of the data set called ``scenes``; it is composed where it is not there yet.

    Raises:
        InputError: if the folder cannot be written.
        Cancelled: if the watch says so.
    """
    folder = cache_folder() / f"{NAME}-{VERSION}-{seed}-{photos}"
    if not folder.is_dir():
        partial = folder.with_name(f".{folder.name}-{uuid4().hex}")
        try:
            write_scenes(partial, photos, seed, watch)
            if not folder.is_dir():  # another process may have been quicker
                os.replace(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def data_folder(data: str, seed: int = 0, watch: Watch | None = None) -> Path:
    """The folder of a data set that is named by its path, or by ``scenes``.

    Raises:
        InputError, Cancelled: as ``scenes_folder``.
    """
    return scenes_folder(seed, watch=watch) if data == NAME else from_home(data)


def write_scenes(folder: Path, photos: int = PHOTOS, seed: int = 0, watch: Watch | None = None) -> dict[str, int]:
    """Composes photos with captions, foils and boxes; returns how many each split has.

    The same seed and number give the same photos. A row has the keys of the data contract, and two of its own:
    ``foils``, for each caption a sentence that is false because ``was`` became ``now`` in it, and ``things``.

    Raises:
        InputError: if the folder cannot be made.
        Cancelled: if the watch says so.
    """
    watch = watch or Watch()
    make_folder(folder / "images")
    counts = {split: max(2, round(share * photos)) for split, share in SHARES.items()}
    watch.enter(NAME, sum(counts.values()))
    for split, count in counts.items():
        lines = []
        for index in range(count):
            watch.check()
            row, data = compose(split, index, seed)
            (folder / "images" / row["image"]).write_bytes(data)
            lines.append(json.dumps(row))
            watch.advance()
        write_atomically(folder / f"{split}.jsonl", ("\n".join(lines) + "\n").encode())
    return counts


def compose(split: str, index: int, seed: int) -> tuple[dict[str, Any], bytes]:
    """One photo of a split: its row, and its JPEG file."""
    rng = random.Random(f"{seed}-{split}-{index}")
    width, height = size = rng.choice(SIZES)
    photo, things = draw_scene(lay_out(rng, width, height), size, rng)
    statements = describe(things, rng)
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=QUALITY)
    row = {
        "image": f"{split}-{index:05d}.jpg",
        "split": split,
        "width": width,
        "height": height,
        "captions": [statement.written()[0] for statement in statements],
        "phrases": [phrase for number, said in enumerate(statements) for phrase in _phrases(number, said, things)],
        "foils": [{"caption": number, **asdict(foil_of(said, things, rng))} for number, said in enumerate(statements)],
        "things": [asdict(thing) for thing in things],
    }
    return row, buffer.getvalue()


def _phrases(number: int, statement: Statement, things: Sequence[Thing]) -> list[dict[str, Any]]:
    text, spans = statement.written()
    return [
        {
            "caption": number,
            "start": start,
            "end": end,
            "text": text[start:end],
            "kind": ["shapes"],
            "boxes": [[round(value, 4) for value in thing.box] for thing in phrase.found(things)],
        }
        for phrase, (start, end) in zip(statement.phrases, spans, strict=True)
    ]
