"""Runs the audit of a report again: do the figures agree?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from vtviz.audit.audit import FIGURES, SCHEMA, run_audit
from vtviz.audit.settings import settings_from
from vtviz.files import REPORT_BYTES, address, is_text, read_bytes, reason
from vtviz.inputs import InputError
from vtviz.jobs.door import Door
from vtviz.manifests.read import read_manifest
from vtviz.models.registry import model_info
from vtviz.watch import Watch

TOLERANCE = 1e-6
SHOWN = 100  # characters of a value that differs


@dataclass(frozen=True)
class Difference:
    """A place in two reports whose values differ."""

    place: str
    first: Any
    second: Any

    def __str__(self) -> str:
        numbers = all(isinstance(item, int | float) for item in (self.first, self.second))
        gap = f" (a difference of {self.second - self.first:+.2g})" if numbers else ""
        return f"{self.place}: {_short(self.first)} in the report, {_short(self.second)} now{gap}"


def _short(value: Any) -> str:
    written = str(value)
    return written if len(written) <= SHOWN else written[:SHOWN] + "…"


def read_report(path: Path) -> dict[str, Any]:
    """The report in a file.

    Raises:
        InputError: if it cannot be read or is no report of an audit.
    """
    try:
        report = orjson.loads(read_bytes(path, REPORT_BYTES))
    except orjson.JSONDecodeError as error:
        raise InputError("The report {name} is not valid JSON; choose another file.", name=path.name) from error
    except (OSError, ValueError) as error:
        raise InputError(
            "The report {path} cannot be read: {reason}.", path=address(path) or path, reason=reason(error, path)
        ) from error
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise InputError("The file {name} is not an audit report; choose a report.json.", name=path.name)
    for part, is_right in PARTS.items():
        if not is_right(report.get(part)):
            raise InputError(
                "The report {name} cannot be replayed: its part {part} is not valid; choose another report.",
                name=path.name,
                part=part,
            )
    return report


def _has_texts(value: Any, *names: str) -> bool:
    return isinstance(value, dict) and all(is_text(value.get(name)) for name in names)


PARTS: dict[str, Callable[[Any], bool]] = {  # of a report, that a replay needs
    "settings": lambda value: isinstance(value, dict),
    "inputs": lambda value: _has_texts(value, "path", "sha256", "photos_sha256"),
    "models": lambda value: isinstance(value, list) and all(_has_texts(item, "weights_sha256") for item in value),
    "summary": lambda value: isinstance(value, dict) and bool(value),
}


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
        InputError: if the report or the manifest cannot be used, another version wrote it whose figures are computed
            differently, a model is not on this machine, or the folder is not
            empty.
        ModelError: if a name of a model in the report cannot be meant.
    """
    old = read_report(path)
    if old.get("figures", 1) != FIGURES:
        raise InputError(
            "The report {name} is by a version of vtviz whose intervals and gaps are computed differently; replay it "
            "with that version, or run the audit again.",
            name=path.name,
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(
            "The folder {folder} is not empty; a replay needs an empty folder, so that everything is measured again.",
            folder=folder,
        )
    settings = settings_from(old["settings"])
    for name in settings.models:
        _need_here(name)
    rows = read_manifest(manifest or Path(old["inputs"]["path"]), settings.limit)
    new = run_audit(rows, settings, folder, door, watch)
    result = [
        item for key in ("sha256", "photos_sha256") for item in differences(old["inputs"][key], new["inputs"][key], key)
    ]
    first, second = ([item["weights_sha256"] for item in report["models"]] for report in (old, new))
    return [
        *result,
        *differences(first, second, "weights_sha256"),
        *differences(old["summary"], {key: new["summary"].get(key) for key in old["summary"]}, "summary"),
    ]


def _need_here(name: str) -> None:
    """Refuses a model that is not on this machine: a report from elsewhere must not choose what is downloaded."""
    info = model_info(name)
    if info is not None and not info.available:
        raise InputError(
            "The report names the model {model}, which is not on this machine; if you trust the report, use the model "
            "once with `vtviz explain`, then replay.",
            model=name,
        )


def differences(first: Any, second: Any, place: str, tolerance: float = TOLERANCE) -> Iterator[Difference]:
    """Where two plain values differ, numbers by more than the tolerance."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in dict.fromkeys([*first, *second]):
            yield from differences(first.get(key), second.get(key), f"{place}.{key}", tolerance)
    elif isinstance(first, list | tuple) and isinstance(second, list | tuple) and len(first) == len(second):
        for number, (one, two) in enumerate(zip(first, second, strict=True)):
            yield from differences(one, two, f"{place}[{number}]", tolerance)
    elif isinstance(first, int | float) and isinstance(second, int | float):
        if not abs(first - second) <= tolerance:  # also where one of them is not a number
            yield Difference(place, first, second)
    elif first != second:
        yield Difference(place, first, second)
