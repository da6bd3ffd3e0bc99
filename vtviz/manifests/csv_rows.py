"""The rows of a CSV manifest, none of which an unclosed quotation mark has merged with the next."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from vtviz.inputs import InputError

QUOTE = "a quotation mark is not closed or is misplaced"
LONG = "a field is too long"
PHOTOS = (".jpg", ".jpeg", ".png", ".webp")


def csv_rows(text: str) -> list[dict[str, str]]:
    """The fields of each row by the name of their column.

    Raises:
        InputError: if a column is missing, or a row is not as it should be; it names the row.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)  # newline="": lines may end with CR alone
    columns = _columns(reader)
    rows: list[dict[str, str]] = []
    for fields in _numbered(reader):
        number = len(rows) + 1
        if len(fields) != len(columns):
            raise InputError(
                "Row {number} of the manifest has a different number of columns from the first line.", number=number
            )
        if _runs_on(fields, columns.index("image")):
            raise InputError(
                "Row {number} of the manifest runs into the next one; close its quotation mark.", number=number
            )
        rows.append(dict(zip(columns, fields, strict=True)))
    return rows


def _columns(reader: Iterator[list[str]]) -> list[str]:
    try:
        columns = next((fields for fields in reader if fields), [])
    except csv.Error as error:
        raise InputError("The first line of the manifest is not valid CSV: {reason}.", reason=_reason(error)) from error
    missing = [name for name in ("image", "text") if name not in columns]
    if missing:
        raise InputError("The manifest has no column {missing}; add it.", missing=", ".join(missing))
    twice = next((name for name in columns if name and columns.count(name) > 1), None)
    if twice is not None:
        raise InputError("The manifest has two columns called {name}; rename one.", name=twice)
    return columns


def _numbered(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows that are not blank; what cannot be read is refused with the number of its row."""
    number = 1
    try:
        for fields in reader:
            if fields:
                yield fields
                number += 1
    except csv.Error as error:
        raise InputError(
            "Row {number} of the manifest is not valid CSV: {reason}.", number=number, reason=_reason(error)
        ) from error


def _reason(error: csv.Error) -> str:
    return LONG if "field larger than" in str(error) else QUOTE


def _runs_on(fields: Sequence[str], image: int) -> bool:
    """Whether a field with line breaks holds rows: one of its lines has a photo in the column of the photos.

    A text may well have line breaks of its own, and commas in each of its lines.
    """
    suffix = PurePath(fields[image].strip()).suffix.lower()
    for column, field in enumerate(fields):
        lines = re.split(r"\r\n|\r|\n", field)
        for index, line in enumerate(lines if len(lines) > 1 else ()):
            parts = next(csv.reader([line]), [])
            place = image if index else image - column  # the first line begins in the column of its field
            own = index == 0 and place == 0
            if 0 <= place < len(parts) and len(parts) > 1 and not own and _is_photo(parts[place], suffix):
                return True
    return False


def _is_photo(written: str, suffix: str) -> bool:
    """Whether a field looks like the path of a photo: it ends as photos do, or as the photo of its row does."""
    ending = PurePath(written.strip()).suffix.lower()
    return ending in PHOTOS or (ending == suffix and not any(character.isspace() for character in written.strip()))
