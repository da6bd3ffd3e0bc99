"""Files of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vtviz.inputs import InputError

Row = dict[str, Any]


def read_rows(path: Path, keys: Sequence[str] = ()) -> list[Row]:
    """The objects in a file of JSON lines, each with these keys.

    Raises:
        InputError: if the file is empty or a line is something else.
    """
    rows: list[Row] = []
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"The file {path.name} is not UTF-8 text.") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise InputError(f"Line {number} of {path.name} is not JSON.") from error
            if not isinstance(row, dict) or any(key not in row for key in keys):
                raise InputError(f"Line {number} of {path.name} lacks one of: {', '.join(keys)}.")
            rows.append(row)
    if not rows:
        raise InputError(f"The file {path.name} is empty.")
    return rows
