"""Labelled rows: photos and texts, and the rules of a policy that ought to fire on each."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtviz.files import is_text, parse_json, reason
from vtviz.inputs import InputError

MOST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Row:
    """One photo and the text beside it (empty for none). ``number`` counts from 1; ``rules`` ought to fire on it."""

    number: int
    image: Path
    text: str
    rules: frozenset[str]


def read_rows(path: Path, known: Collection[str]) -> list[Row]:
    """The rows of a CSV or JSONL file with the columns ``image``, ``rules`` (names separated by ``;``, or a list; empty
    for none) and, where there are texts, ``text``. Relative paths start at its folder.

    Raises:
        InputError: if the file cannot be read, or a row names a rule that is not ``known``; it names the row.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("The manifest {name} is not UTF-8 text; save it as UTF-8.", name=path.name) from error
    except (OSError, ValueError) as error:
        raise InputError(
            "The manifest {path} cannot be read: {reason}.", path=path, reason=reason(error, path)
        ) from error
    if len(data) > MOST_BYTES:
        raise InputError(
            "The file {file} is larger than {limit} kB; shorten it.", file=path.name, limit=MOST_BYTES // 1024
        )
    reader = {".csv": _csv_values, ".jsonl": _json_values}.get(path.suffix.lower())
    if reader is None:
        raise InputError("The manifest {name} must be a .csv or .jsonl file.", name=path.name)
    rows = [_row(number, values, path.parent, known) for number, values in enumerate(reader(text), 1)]
    if not rows:
        raise InputError("The manifest {name} has no rows; add at least one.", name=path.name)
    return rows


def _csv_values(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    values = list[dict[str, Any]]()
    try:
        missing = [name for name in ("image", "rules") if name not in (reader.fieldnames or ())]
        if missing:
            raise InputError("The manifest has no column {missing}; add it.", missing=", ".join(missing))
        for row in reader:
            if None in row or None in row.values():
                raise InputError(
                    "Row {number} of the manifest has a different number of columns from the first line.",
                    number=len(values) + 1,
                )
            values.append(row)
    except csv.Error as error:
        raise InputError(
            "Row {number} of the manifest is not valid CSV: {reason}.", number=len(values) + 1, reason=str(error)
        ) from error
    return values


def _json_values(text: str) -> list[dict[str, Any]]:
    values = list[dict[str, Any]]()
    for line in filter(str.strip, text.split("\n")):
        number = len(values) + 1
        try:
            value = parse_json(line)
        except ValueError as error:
            raise InputError(
                "Row {number} of the manifest is not valid JSON ({where}).", number=number, where="line"
            ) from error
        if not isinstance(value, dict):
            raise InputError("Row {number} of the manifest is not a JSON object.", number=number)
        values.append(value)
    return values


def _row(number: int, values: dict[str, Any], folder: Path, known: Collection[str]) -> Row:
    written = values.get("rules")
    named = written.split(";") if isinstance(written, str) else written if isinstance(written, list) else []
    for column, value in (("image", values.get("image")), ("text", values.get("text") or "")):
        if not is_text(value):
            raise InputError("Row {number} of the manifest: the {column} is not text.", number=number, column=column)
    if not all(is_text(name) for name in named):
        raise InputError("Row {number} of the manifest: the {column} is not text.", number=number, column="rules")
    rules = frozenset(name.strip() for name in named if name.strip())
    strange = min(rules - set(known), default=None)
    if strange is not None:
        raise InputError(
            "Row {number} of the manifest names a rule that the policy lacks: {rule}.", number=number, rule=strange
        )
    if not values["image"].strip():
        raise InputError("Row {number} of the manifest has no {column}; add it.", number=number, column="image")
    return Row(number, folder / values["image"].strip(), str(values.get("text") or "").strip(), rules)
