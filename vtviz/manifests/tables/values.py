"""The rows of a file of any kind that is read, by the names of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vtviz.files import parse_json
from vtviz.inputs import InputError
from vtviz.manifests.tables.columns import known_keys
from vtviz.manifests.tables.datasets import json_table, one_text_each
from vtviz.manifests.tables.delimited import delimited_rows
from vtviz.manifests.tables.encoding import decoded
from vtviz.manifests.tables.refusals import Numbered, Refuse, raised

TABLES, JSON_LINES = (".csv", ".tsv", ".tab", ".txt"), (".jsonl", ".ndjson")
READ_IN = "The manifest is read as {encoding} text."


def values_of(
    path: Path, data: bytes, notes: list[str], refuse: Refuse = raised, each_text: bool = False
) -> list[Numbered]:
    """The values of each row of a file under the names of the columns, with its line; adds to the notes for the person.

    Args:
        path: the file, whose ending says what it is.
        data: its bytes.
        notes: gets what the person should know of how it is read.
        refuse: hears of the rows that cannot be read.
        each_text: whether a JSON object with several texts becomes a row for each.

    Raises:
        InputError: if the file cannot be read at all.
    """
    suffix = path.suffix.lower()
    if suffix not in (*TABLES, *JSON_LINES, ".json"):
        raise InputError("The manifest {name} must be a .csv, .tsv, .jsonl or .json file.", name=path.name)
    try:
        text, encoding = decoded(data)
    except ValueError as error:
        raise InputError(
            "The manifest {name} is not text in an encoding that vtviz knows; save it as UTF-8.", name=path.name
        ) from error
    if encoding != "UTF-8":
        notes.append(READ_IN.format(encoding=encoding))
    if suffix in TABLES:
        rows, more = delimited_rows(text, refuse)
        notes += more
        return rows
    refused: list[int] = []

    def told(line: int, error: InputError) -> None:
        refused.append(line)
        refuse(line, error)

    result: list[Numbered] = []
    for line, row in _json_lines(text, told, each_text) if suffix in JSON_LINES else _json_file(text, path.name, told):
        if isinstance(row, dict):
            values, more = known_keys(row)
            notes += more
            result.append((line, values))
        else:
            number = len(result) + len(refused) + 1
            told(line, InputError("Row {number} of the manifest is not a JSON object.", number=number))
    return result


def _json_lines(text: str, refuse: Refuse, each_text: bool) -> Iterator[tuple[int, Any]]:
    # splitlines() would split at U+2028 inside a string too
    lines = [(line, written) for line, written in enumerate(text.split("\n"), 1) if written.strip()]
    for number, (line, written) in enumerate(lines, 1):
        try:
            row = _json(written, number)
        except InputError as error:
            refuse(line, error)
            continue
        for part in one_text_each(row) if each_text else (row,):
            yield line, part


def _json_file(text: str, name: str, refuse: Refuse) -> Iterator[tuple[int, Any]]:
    try:
        rows = json_table(parse_json(text))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        if "\n" in text.strip():
            return _json_lines(text, refuse, each_text=True)
        raise InputError("The manifest {name} is not valid JSON; correct it.", name=name) from error
    if rows is None:
        raise InputError("The manifest {name} holds no list of photos and texts; choose another file.", name=name)
    return iter(list(enumerate(rows, 1)))


def _json(text: str, number: int) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise InputError(
            "Row {number} of the manifest is not valid JSON ({where}).", number=number, where="line"
        ) from error
