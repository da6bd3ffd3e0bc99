"""Splits of a data set: files of JSON lines, one photo with its captions and boxed phrases a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vtviz.inputs import InputError

Row = dict[str, Any]


def read_split(data: Path, split: str, limit: int | None = None) -> list[Row]:
    """The rows of a split, ``data/split.jsonl``.

    Raises:
        InputError: if it is missing, empty, or not JSON lines with ``image`` and ``captions``.
    """
    path = data / f"{split}.jsonl"
    if not path.is_file():
        raise InputError(
            "There is no split {split} in {data}: the file {name} is missing.",
            split=split,
            data=data.name,
            name=path.name,
        )
    rows = read_rows(path, ("image", "captions"))[:limit]
    for row in rows:
        if not row["captions"]:
            raise InputError("The photo {photo} in {name} has no captions.", photo=row["image"], name=path.name)
    return rows


def read_rows(path: Path, keys: Sequence[str] = ()) -> list[Row]:
    """The objects in a file of JSON lines, each with these keys.

    Raises:
        InputError: if the file is empty or a line is something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError("The file {name} is not UTF-8 text.", name=path.name) from error
    lines = enumerate(text.split("\n"), 1)  # splitlines() would also split at U+2028, which JSON allows inside a string
    rows = [_row(line, number, path.name, keys) for number, line in lines if line.strip()]
    if not rows:
        raise InputError("The file {name} is empty.", name=path.name)
    return rows


def _row(line: str, number: int, name: str, keys: Sequence[str]) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError("Line {number} of {name} is not JSON.", number=number, name=name) from error
    if not isinstance(row, dict) or any(key not in row for key in keys):
        raise InputError(
            "Line {number} of {name} lacks one of: {keys}.", number=number, name=name, keys=", ".join(keys)
        )
    return row
