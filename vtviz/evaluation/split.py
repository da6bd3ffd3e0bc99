"""Splits of a data set: files of JSON lines, one photo with its captions and boxed phrases a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vtviz.files import address, is_number, is_text, parse_json, reason
from vtviz.inputs import InputError, check_text

Row = dict[str, Any]
Check = Callable[[Any], bool]
CHINESE = ("written", "translated")  # lists of sentences in Flickr8K-CN
LARGEST = 1.001  # fraction of a side, with what rounding may add


def read_split(data: Path, split: str, limit: int | None = None) -> list[Row]:
    """The rows of a split, ``data/split.jsonl``.

    A line with the lists ``written`` and ``translated`` in place of ``captions``, as in Flickr8K-CN, is taken as it is:
    its sentences are the captions.

    Raises:
        InputError: if it is missing, empty, or a line has not ``image`` and ``captions``, and ``phrases`` and ``foils``
            of them where it has any; it names the line.
    """
    path = data / f"{split}.jsonl"
    if not path.is_file():
        raise InputError(
            "There is no split {split} in {data}: the file {name} is missing.",
            split=split,
            data=address(data) or data.name,
            name=path.name,
        )
    return [split_row(row, number, path.name) for number, row in _numbered(path, ("image",))[:limit]]


def split_row(row: Row, number: int, name: str) -> Row:
    """A row of a split, checked and completed; ``number`` and ``name`` are those of its line and file.

    Raises:
        InputError: as ``read_split``.
    """
    if any(kind in row for kind in CHINESE):
        _check_row(row, {kind: _are_texts_or_none for kind in CHINESE if kind in row}, number, name)
        row.setdefault("captions", [text for kind in CHINESE for text in row.get(kind) or [] if text])
    _need(row, ("image", "captions"), number, name)
    _check_row(row, {"image": is_text, "captions": _are_texts}, number, name)
    if not row["captions"]:
        raise InputError("The photo {photo} in {name} has no captions.", photo=row["image"], name=name)
    _check_texts(row["captions"], number, name)
    phrases = row.setdefault("phrases", [])
    if not isinstance(phrases, list) or not all(_is_phrase(item, row["captions"]) for item in phrases):
        raise _wrong("phrases", number, name)
    foils = row.get("foils", [])
    if not isinstance(foils, list) or not all(_is_foil(item, row["captions"]) for item in foils):
        raise _wrong("foils", number, name)
    _check_texts([item["text"] for item in foils], number, name)
    return {**row, "phrases": [_completed(item, row["captions"]) for item in phrases]}


def chinese_rows(data: Path, split: str, rows: Sequence[Row]) -> dict[str, list[Row | None]]:
    """The Chinese sentences of photos by kind, ``written`` and ``translated``: for each photo of ``rows`` a row with
    these as its captions, or None where it has none.

    Raises:
        InputError: as ``read_split``.
    """
    by_image = {row["image"]: row for row in read_split(data, split)}
    found: dict[str, list[Row | None]] = {}
    for kind in CHINESE:
        found[kind] = []
        for row in rows:
            texts = [text for text in by_image.get(row["image"], {}).get(kind) or [] if text]
            found[kind].append({"image": row["image"], "captions": texts, "phrases": []} if texts else None)
    return found


def read_judgements(path: Path) -> list[Row]:
    """The rows of a file of human judgements: ``image``, ``text`` and ``ratings``.

    Raises:
        InputError: if it is missing or empty, or a line is something else; it names the line.
    """
    if not path.is_file():
        raise InputError("The file of judgements {name} is missing.", name=path.name)
    rows = []
    for number, row in _numbered(path, ("image", "text", "ratings")):
        _check_row(row, {"image": is_text, "text": is_text, "ratings": _are_numbers}, number, path.name)
        _check_texts([row["text"]], number, path.name)
        rows.append(row)
    return rows


def read_rows(path: Path, keys: Sequence[str] = ()) -> list[Row]:
    """The objects in a file of JSON lines, each with these keys.

    Raises:
        InputError: if the file is empty or a line is something else.
    """
    return [row for _, row in _numbered(path, keys)]


def _numbered(path: Path, keys: Sequence[str]) -> list[tuple[int, Row]]:
    """The objects in a file of JSON lines with the numbers of their lines."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("The file {name} is not UTF-8 text.", name=path.name) from error
    except (OSError, ValueError) as error:
        raise InputError(
            "The file {name} cannot be read: {reason}.", name=path.name, reason=reason(error, path)
        ) from error
    lines = enumerate(text.split("\n"), 1)  # splitlines() would also split at U+2028, which JSON allows inside a string
    rows = [(number, _row(line, number, path.name, keys)) for number, line in lines if line.strip()]
    if not rows:
        raise InputError("The file {name} is empty.", name=path.name)
    return rows


def _row(line: str, number: int, name: str, keys: Sequence[str]) -> Row:
    try:
        row: Row = parse_json(line)
    except ValueError as error:
        raise InputError("Line {number} of {name} is not JSON.", number=number, name=name) from error
    _need(row, keys, number, name)
    return row


def _need(row: Any, keys: Sequence[str], number: int, name: str) -> None:
    if not isinstance(row, dict) or any(key not in row for key in keys):
        raise InputError(
            "Line {number} of {name} lacks one of: {keys}.", number=number, name=name, keys=", ".join(keys)
        )


def _check_row(row: Row, checks: Mapping[str, Check], number: int, name: str) -> None:
    for key, is_right in checks.items():
        if not is_right(row[key]):
            raise _wrong(key, number, name)


def _wrong(key: str, number: int, name: str) -> InputError:
    shapes = {
        "image": "a file name",
        "captions": "a list of texts",
        "phrases": "a list of phrases, each with caption, start, end and boxes (as fractions of the photo)",
        "foils": "a list of wrong texts, each with caption and text",
        **dict.fromkeys(CHINESE, "a list of texts"),
        "text": "a text",
        "ratings": "a list of numbers",
    }
    return InputError(
        "Line {number} of {name} is wrong: {key} is not {shape}.", number=number, name=name, key=key, shape=shapes[key]
    )


def _check_texts(texts: Sequence[str], number: int, name: str) -> None:
    for text in texts:
        try:
            check_text(text)
        except InputError as error:
            raise InputError(
                "Line {number} of {name} cannot be used. {reason}", number=number, name=name, reason=str(error)
            ) from error


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(is_text(item) for item in value)


def _are_texts_or_none(value: Any) -> bool:
    """Whether a value is a list of texts, in which some may be missing, or is missing itself."""
    return value is None or (isinstance(value, list) and all(item is None or is_text(item) for item in value))


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_number(item) for item in value)


def _is_phrase(value: Any, captions: Sequence[str]) -> bool:
    """Whether a value names a part of one of the captions, and the boxes of what it names."""
    if not isinstance(value, dict) or not _is_place(value.get("caption"), len(captions) - 1):
        return False
    end = len(captions[value["caption"]])
    if not _is_place(value.get("end"), end) or not _is_place(value.get("start"), value["end"] - 1):
        return False
    boxes = value.get("boxes")
    return (
        isinstance(boxes, list)
        and bool(boxes)
        and all(_is_box(box) for box in boxes)
        and is_text(value.get("text", ""))
        and _are_texts(value.get("kind", []))
    )


def _is_foil(value: Any, captions: Sequence[str]) -> bool:
    """Whether a value is a wrong text beside one of the captions."""
    return isinstance(value, dict) and _is_place(value.get("caption"), len(captions) - 1) and is_text(value.get("text"))


def _is_box(value: Any) -> bool:
    """Whether a value is x0, y0, x1, y1 in fractions of the photo; pixels would make every figure wrong."""
    if not _are_numbers(value) or len(value) != 4:
        return False
    x0, y0, x1, y1 = value
    return 0 <= x0 <= x1 <= LARGEST and 0 <= y0 <= y1 <= LARGEST


def _is_place(value: Any, last: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= last


def _completed(phrase: Row, captions: Sequence[str]) -> Row:
    """A phrase with its text and its kinds, which are none where it does not name them."""
    text = captions[phrase["caption"]][phrase["start"] : phrase["end"]]
    return {"text": text, "kind": [], **phrase}
