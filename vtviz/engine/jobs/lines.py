"""What a job has made so far, one JSON object a line; a kill loses at most the line being written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vtviz.files import make_folder, parse_json


class Lines:
    """The lines of a file, only ever added to."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> list[dict[str, Any]]:
        """The lines so far, without one that is incomplete."""
        rows = []
        for line in self.file.read_text(encoding="utf-8").split("\n") if self.file.is_file() else ():
            try:
                row = parse_json(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                rows.append(row)
        return rows

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds a line, on a line of its own even after one that is incomplete."""
        make_folder(self.file.parent)
        with self.file.open("a+b") as file:
            size = file.seek(0, 2)
            torn = False
            if size:
                file.seek(size - 1)
                torn = file.read(1) != b"\n"
            file.write(b"\n" * torn + (json.dumps(dict(row), ensure_ascii=False) + "\n").encode())
