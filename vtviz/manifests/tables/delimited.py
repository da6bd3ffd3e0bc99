"""The rows of a table whose fields are separated by commas and the like; none of them runs into the next."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any, Protocol

from vtviz.files import parse_json
from vtviz.image_files.formats import SUFFIXES
from vtviz.inputs import InputError
from vtviz.manifests.tables.columns import columns_of
from vtviz.manifests.tables.refusals import Numbered, Refuse, raised

QUOTE = "a quotation mark is not closed or is misplaced"
LONG = "a field is too long"
PHOTOS = tuple(f".{suffix}" for suffix in SUFFIXES)
SEPARATORS = ",;\t|"
UNQUOTED = "\t|"  # between fields that may begin with a quotation mark of their own
NUMBERED = re.compile(r"#\d{1,3}\Z")  # of the captions of a photo, as in Flickr8k.token.txt
NO_NAMES = "The first line has no names of columns; the first column is read as image, the second as text."
SEP_LINE = re.compile(r"\s*\"?sep=(\\t|\t|[^\"\s\0])\"?\s*", re.IGNORECASE)  # as Excel writes and reads it
LINE_END = re.compile(r"\r\n|\r|\n")
FIRST_LINE = re.compile(r"(?:[^\S\r\n]*(?:\r\n|\r|\n))*([^\r\n]*)(?:\r\n|\r|\n|\Z)")


def delimited_rows(text: str, refuse: Refuse = raised) -> tuple[list[Numbered], list[str]]:
    """The fields of each row by the name of their column, those of ``COLUMNS`` under these names, with the number of
    the line that it ends in; and notes for the person.

    Fields are separated by commas, semicolons, tabs or vertical bars: what separates ``image`` from ``text`` in the
    first line, or what a line ``sep=`` before it says. A table without names of columns is read where its first line
    can only be a photo and a text. ``refuse`` hears of the rows that are not as they should be.

    Raises:
        InputError: if a column is missing.
    """
    first, rest = _first_line(text)
    told = SEP_LINE.fullmatch(first)
    before = 0
    if told:
        before = len(LINE_END.findall(text[: len(text) - len(rest)]))
        first, text = _first_line(rest)[0], rest
    separators = [told[1].replace("\\t", "\t")] if told else _likeliest(first)
    problem: InputError | None = None
    for separator in separators:
        try:
            return _rows(text, separator, _from_line(before, refuse), before)
        except _NoColumns as error:
            problem = problem or error.reason
    for separator in separators:
        if _is_row(first.split(separator)):
            named = f"image{separator}text\n{text}"
            rows, _ = _rows(named, separator, _from_line(before - 1, refuse), before - 1)
            return [(line, {**row, "image": NUMBERED.sub("", row["image"])}) for line, row in rows], [NO_NAMES]
    assert problem is not None
    raise problem


def _from_line(before: int, refuse: Refuse) -> Refuse:
    """What hears of rows whose lines are counted after so many others."""
    return lambda line, error: refuse(line + before, error)


class Reader(Protocol):
    """What ``csv.reader`` gives."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


class _NoColumns(Exception):
    """The first line has not the columns that are needed."""

    def __init__(self, reason: InputError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _is_row(fields: Sequence[str]) -> bool:
    """Whether the fields of a first line can only be a photo and a text, as in the lists of some data sets."""
    ending = PurePath(NUMBERED.sub("", fields[0].strip())).suffix.lower()
    return len(fields) == 2 and ending in PHOTOS and bool(fields[1].strip())


def _first_line(text: str) -> tuple[str, str]:
    """The first line that is not blank, and what follows it."""
    found = FIRST_LINE.match(text)
    return (found[1], text[found.end() :]) if found else ("", "")


def _likeliest(line: str) -> list[str]:
    """The separators, first those that stand in a line most often."""
    return sorted(SEPARATORS, key=lambda separator: -line.count(separator))


def _rows(text: str, separator: str, refuse: Refuse, before: int) -> tuple[list[Numbered], list[str]]:
    lines = io.StringIO(text, newline="")  # newline="": lines may end with CR alone
    try:
        strictly = csv.reader(lines, delimiter=separator, strict=True)
        rows, notes = _rows_of(strictly, separator, raised if separator in UNQUOTED else refuse)
    except InputError:
        if separator not in UNQUOTED:
            raise
        lines.seek(0)
        rows, notes = _rows_of(csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE), separator, refuse)
    return [(line + before, row) for line, row in rows], notes


def _rows_of(reader: Reader, separator: str, refuse: Refuse) -> tuple[list[Numbered], list[str]]:
    header = _header(reader)
    try:
        places, notes = columns_of(header)
    except InputError as error:
        raise _NoColumns(error) from error
    needed = max(places["image"], places["text"])
    others = {name.strip(): place for place, name in enumerate(header) if place not in places.values() and name.strip()}
    rows: list[Numbered] = []
    for number, fields in _numbered(reader, refuse):
        if len(fields) <= needed or any(field.strip() for field in fields[len(header) :]):
            refuse(
                reader.line_num,
                InputError(
                    "Row {number} of the manifest has a different number of columns from the first line.", number=number
                ),
            )
        elif _runs_on(fields, places["image"], separator):
            refuse(
                reader.line_num,
                InputError(
                    "Row {number} of the manifest runs into the next one; close its quotation mark.", number=number
                ),
            )
        else:
            named = {name: fields[place] for name, place in {**others, **places}.items() if place < len(fields)}
            try:
                rows.append((reader.line_num, _with_boxes(named, number)))
            except InputError as error:
                refuse(reader.line_num, error)
    return rows, notes


def _with_boxes(row: dict[str, str], number: int) -> dict[str, Any]:
    """A row of a table, in which boxes are written as JSON."""
    if not row.get("boxes", "").strip():
        return {**row}
    try:
        return {**row, "boxes": parse_json(row["boxes"])}
    except ValueError as error:
        raise InputError(
            "Row {number} of the manifest is not valid JSON ({where}).", number=number, where="boxes"
        ) from error


def _header(reader: Reader) -> list[str]:
    try:
        return next((fields for fields in reader if any(field.strip() for field in fields)), [])
    except csv.Error as error:
        raise InputError("The first line of the manifest is not valid CSV: {reason}.", reason=_reason(error)) from error


def _numbered(reader: Reader, refuse: Refuse) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with their numbers; those that cannot be read are refused."""
    number = 0
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            number += 1
            problem = InputError(
                "Row {number} of the manifest is not valid CSV: {reason}.", number=number, reason=_reason(error)
            )
            problem.__cause__ = error
            refuse(reader.line_num, problem)
            continue
        if fields is None:
            return
        if any(field.strip() for field in fields):
            number += 1
            yield number, fields


def _reason(error: csv.Error) -> str:
    return LONG if "field larger than" in str(error) else QUOTE


def _runs_on(fields: Sequence[str], image: int, separator: str) -> bool:
    """Whether a field with line breaks holds rows: one of its lines has a photo in the column of the photos.

    A text may well have line breaks of its own, and commas in each of its lines.
    """
    suffix = PurePath(fields[image].strip()).suffix.lower()
    for column, field in enumerate(fields):
        lines = LINE_END.split(field)
        for index, line in enumerate(lines if len(lines) > 1 else ()):
            parts = next(csv.reader([line], delimiter=separator), [])
            place = image if index else image - column  # the first line begins in the column of its field
            own = index == 0 and place == 0
            if 0 <= place < len(parts) and len(parts) > 1 and not own and _is_photo(parts[place], suffix):
                return True
    return False


def _is_photo(written: str, suffix: str) -> bool:
    """Whether a field looks like the path of a photo: it ends as photos do, or as the photo of its row does."""
    ending = PurePath(written.strip()).suffix.lower()
    return ending in PHOTOS or (ending == suffix and not any(character.isspace() for character in written.strip()))
