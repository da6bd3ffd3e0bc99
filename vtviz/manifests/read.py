"""A manifest: a CSV or JSON-lines file with a photo and a text a row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from vtviz.files import address, is_number, is_text, parse_json, read_photo, reason
from vtviz.inputs import ImageInput, InputError, composed
from vtviz.manifests.csv_rows import csv_rows
from vtviz.metrics.localisation import Box

COLUMNS = ("image", "text", "boxes", "phrase", "group", "unit")
Unit = Literal["fraction", "pixel", "unclear"]
UNITS: dict[str, Unit] = {"": "fraction", "fraction": "fraction", "pixel": "pixel"}
PIXELS = 2.0  # what no fraction of a photo reaches


@dataclass(frozen=True)
class Row:
    """One photo and text. ``number`` counts from 1; ``boxes`` (x0, y0, x1, y1) hold what the text, or the ``phrase`` in
    it, names, in ``unit``: fractions of the photo, or pixels; ``unclear`` where they may be either."""

    number: int
    image: Path
    text: str
    boxes: tuple[Box, ...] = ()
    phrase: str = ""
    group: str = ""
    unit: Unit = "fraction"

    def photo(self) -> ImageInput:
        """The photo. Raises InputError where it cannot be used."""
        return read_photo(self.image, self.image.name)


@dataclass(frozen=True)
class Manifest:
    """The rows of a file, its name, and the sha256 of its bytes."""

    path: Path
    sha256: str
    rows: tuple[Row, ...]


def read_manifest(path: Path, limit: int | None = None) -> Manifest:
    """The rows of a CSV or JSONL manifest, or its first ``limit`` rows. Relative paths start at its folder.

    Raises:
        InputError: if the file cannot be read, has no rows, or a row is not as it should be; it names the row.
    """
    records, sha256 = read_records(path, limit)
    rows = [read_row(number, item, path.parent) for number, item in enumerate(records, 1)]
    named = [bool(item.get("unit")) for item in records]
    in_pixels = any(_in_pixels(row) for row, name in zip(rows, named, strict=True) if not name)
    rows = [row if name else replace(row, unit=_unit(row, in_pixels)) for row, name in zip(rows, named, strict=True)]
    return Manifest(path, sha256, tuple(rows))


def read_records(path: Path, limit: int | None = None) -> tuple[list[dict[str, Any]], str]:
    """The rows of a manifest as they are written, every column of them, and the sha256 of the file.

    Raises:
        InputError: if the file cannot be read, or has no rows.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("The manifest {name} is not UTF-8 text; save it as UTF-8.", name=path.name) from error
    except (OSError, ValueError) as error:
        raise InputError(
            "The manifest {path} cannot be read: {reason}.", path=address(path) or path, reason=reason(error, path)
        ) from error
    reader = {".csv": _csv_rows, ".jsonl": _json_rows}.get(path.suffix.lower())
    if reader is None:
        raise InputError("The manifest {name} must be a .csv or .jsonl file.", name=path.name)
    values = reader(text)[:limit]
    if not values:
        raise InputError("The manifest {name} has no rows; add at least one.", name=path.name)
    return values, hashlib.sha256(data).hexdigest()


def _in_pixels(row: Row) -> bool:
    """Whether the boxes of a row can only be pixels: a fraction may exceed 1 by rounding or a slip of the hand."""
    return any(value >= PIXELS for box in row.boxes for value in box)


def _unit(row: Row, in_pixels: bool) -> Unit:
    """The unit of boxes that have none: pixels in a file where any value is 2 or more, but for small numbers that may
    be fractions there."""
    if not in_pixels:
        return "fraction"
    whole = all(value.is_integer() for box in row.boxes for value in box)
    return "pixel" if _in_pixels(row) or whole else "unclear"


def _csv_rows(text: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [dict(row) for row in csv_rows(text)]
    for number, row in enumerate(rows, 1):
        if row.get("boxes", "").strip():
            row["boxes"] = _json(row["boxes"], number, "boxes")
    return rows


def _json_rows(text: str) -> list[dict[str, Any]]:
    lines = [
        line for line in text.split("\n") if line.strip()
    ]  # splitlines() would split at U+2028 inside a string too
    rows = [_json(line, number, "line") for number, line in enumerate(lines, 1)]
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise InputError("Row {number} of the manifest is not a JSON object.", number=number)
    return rows


def _json(text: str, number: int, where: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise InputError(
            "Row {number} of the manifest is not valid JSON ({where}).", number=number, where=where
        ) from error


def read_row(number: int, values: Mapping[str, Any], folder: Path) -> Row:
    """One row from its values; a box without a unit is taken to be in fractions.

    Raises:
        InputError: if a value is not as it should be; it names the row.
    """
    result = {name: "" if values.get(name) is None else values[name] for name in COLUMNS}
    for name in ("image", "text", "phrase", "group", "unit"):
        if not _is_written(result[name]):
            raise InputError("Row {number} of the manifest: the {column} is not text.", number=number, column=name)
    image, text, phrase = (str(result[name]).strip() for name in ("image", "text", "phrase"))
    if not image or not text:
        raise InputError(
            "Row {number} of the manifest has no {column}; add it.", number=number, column="text" if image else "image"
        )
    if composed(phrase) not in composed(text):
        raise InputError("Row {number} of the manifest has a phrase that does not occur in its text.", number=number)
    unit = UNITS.get(str(result["unit"]).strip())
    if unit is None:
        raise InputError("The unit in row {number} of the manifest must be fraction or pixel.", number=number)
    boxes = _boxes(number, result["boxes"])
    return Row(number, folder / image, text, boxes, phrase, str(result["group"]).strip(), unit)


def _is_written(value: object) -> bool:
    """Whether a value is text, or a number in place of one."""
    return is_text(value) or (isinstance(value, int | float) and not isinstance(value, bool))


def _boxes(number: int, values: Any) -> tuple[Box, ...]:
    values = [] if isinstance(values, str) and not values.strip() else values
    if isinstance(values, list) and values and not isinstance(values[0], list):
        values = [values]  # a single box
    boxes = [_box(item) for item in values] if isinstance(values, list) else [None]
    good = tuple(box for box in boxes if box is not None)
    if len(good) < len(boxes):
        raise InputError(
            "The boxes in row {number} of the manifest must be lists x0, y0, x1, y1 with x0 < x1 and y0 < y1.",
            number=number,
        )
    return good


def _box(values: Any) -> Box | None:
    """A box of four finite numbers, or None where it is something else."""
    if not isinstance(values, list) or len(values) != 4 or not all(is_number(item) for item in values):
        return None
    x0, y0, x1, y1 = (float(item) for item in values)
    return (x0, y0, x1, y1) if 0 <= x0 < x1 and 0 <= y0 < y1 else None
