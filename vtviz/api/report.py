"""The report of an audit, as the Python API gives it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from vtviz.api.frames import REPORT_HEIGHT, framed_page
from vtviz.files import from_home, make_folder, write_atomically
from vtviz.inputs import InputError
from vtviz.manifests.read import Manifest, read_manifest

Rows = str | os.PathLike[str] | Sequence[Mapping[str, Any]]
MANIFEST, REPORT, PAGE = "manifest.jsonl", "report.json", "report.html"


@dataclass(frozen=True, repr=False)
class Report:
    """An audit in its folder. In a notebook it shows its page.

    Attributes:
        folder: where ``report.json``, ``report.html`` and ``rows.parquet`` are.
    """

    folder: Path

    @cached_property
    def values(self) -> dict[str, Any]:
        """All of ``report.json``."""
        found: dict[str, Any] = orjson.loads((self.folder / REPORT).read_bytes())
        return found

    @property
    def summary(self) -> dict[str, Any]:
        """Every aggregate figure; equal for equal runs."""
        found: dict[str, Any] = self.values["summary"]
        return found

    @property
    def page(self) -> Path:
        """``report.html``, for any browser."""
        return self.folder / PAGE

    def _repr_html_(self) -> str:
        return framed_page(self.page.read_text(encoding="utf-8"), "vtviz audit", REPORT_HEIGHT)

    def __repr__(self) -> str:
        rows = ", ".join(f"{n['measured']} of {n['total']} rows of {name}" for name, n in self.summary["rows"].items())
        return f"<Report: {rows}, {self.page}>"


def manifest_of(rows: Rows, folder: Path, limit: int | None) -> Manifest:
    """The rows of a manifest's file, or those given, which are written to the audit's folder as ``manifest.jsonl``.

    Raises:
        InputError: if they are no rows, or the folder cannot be written to.
    """
    if isinstance(rows, str | os.PathLike):
        return read_manifest(from_home(os.fspath(rows)), limit)
    try:
        lines = [orjson.dumps({**row, "image": str(from_home(os.fspath(row["image"])).resolve())}) for row in rows]
    except (KeyError, TypeError) as error:
        raise InputError(
            "Rows of an audit must be mappings with image (a path) and text: {reason}.", reason=error
        ) from error
    make_folder(folder)
    file = folder / MANIFEST
    write_atomically(file, b"\n".join(lines) + b"\n")
    return read_manifest(file, limit)
