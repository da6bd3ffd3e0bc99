"""Runs the audit of a report again: do the figures agree?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from vtviz.audit.audit import SCHEMA, run_audit
from vtviz.audit.manifest import read_manifest
from vtviz.audit.requests import Door
from vtviz.audit.settings import settings_from
from vtviz.inputs import InputError
from vtviz.watch import Watch

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Difference:
    """A place in two reports whose values differ."""

    place: str
    first: Any
    second: Any

    def __str__(self) -> str:
        numbers = all(isinstance(each, int | float) for each in (self.first, self.second))
        gap = f" (a difference of {self.second - self.first:+.2g})" if numbers else ""
        return f"{self.place}: {self.first} in the report, {self.second} now{gap}"


def read_report(path: Path) -> dict[str, Any]:
    """The report in a file.

    Raises:
        InputError: if it cannot be read or is no report of an audit.
    """
    try:
        report = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError("The report {path} cannot be read: {reason}.", path=path, reason=error.strerror) from error
    except orjson.JSONDecodeError as error:
        raise InputError("The report {name} is not valid JSON; choose another file.", name=path.name) from error
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise InputError("The file {name} is not an audit report; choose a report.json.", name=path.name)
    return report


def replay(
    path: Path,
    folder: Path,
    door: Door,
    manifest: Path | None = None,
    watch: Watch | None = None,
) -> list[Difference]:
    """Runs the audit of a report again in a folder; returns where the figures differ by more than 1e-6.

    Inputs or weights that are not those of the report are differences too.

    Args:
        path: ``report.json``.
        folder: an empty one for the second run.
        door: the way to the models.
        manifest: where it lies now; where the report says, if None.
        watch: hears every step, and may cancel.

    Raises:
        InputError: if the report or the manifest cannot be used, or the folder is not empty.
    """
    old = read_report(path)
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(
            "The folder {folder} is not empty; a replay needs an empty folder, so that everything is measured again.",
            folder=folder,
        )
    settings = settings_from(old["settings"])
    rows = read_manifest(manifest or Path(old["inputs"]["path"]), settings.limit)
    new = run_audit(rows, settings, folder, door, watch)
    found = [
        each for key in ("sha256", "photos_sha256") for each in differences(old["inputs"][key], new["inputs"][key], key)
    ]
    first, second = ([each["weights_sha256"] for each in report["models"]] for report in (old, new))
    return [
        *found,
        *differences(first, second, "weights_sha256"),
        *differences(old["summary"], {key: new["summary"].get(key) for key in old["summary"]}, "summary"),
    ]


def differences(first: Any, second: Any, place: str, tolerance: float = TOLERANCE) -> Iterator[Difference]:
    """Where two plain values differ, numbers by more than the tolerance."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in dict.fromkeys([*first, *second]):
            yield from differences(first.get(key), second.get(key), f"{place}.{key}", tolerance)
    elif isinstance(first, list | tuple) and isinstance(second, list | tuple) and len(first) == len(second):
        for number, (one, two) in enumerate(zip(first, second, strict=True)):
            yield from differences(one, two, f"{place}[{number}]", tolerance)
    elif isinstance(first, int | float) and isinstance(second, int | float):
        if abs(first - second) > tolerance:
            yield Difference(place, first, second)
    elif first != second:
        yield Difference(place, first, second)
