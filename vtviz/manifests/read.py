"""A manifest: a table or a data set with a photo and a text a row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from vtviz.files import (
    TABLE_BYTES,
    address,
    is_number,
    is_text,
    local_path,
    read_bytes,
    read_photo,
    reason,
)
from vtviz.inputs import ImageInput, InputError, composed
from vtviz.manifests.tables.columns import COLUMNS
from vtviz.manifests.tables.datasets import entities_rows, is_entities, metadata_of, photo_folder
from vtviz.manifests.tables.values import values_of
from vtviz.metrics.localisation import Box

NO_LABELS = "The column label holds other values than 1 (the text describes the photo) and 0, so it is not used."
LABELS = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "match"), 1),
    **dict.fromkeys(("0", "0.0", "false", "no", "mismatch"), 0),
}
Unit = Literal["fraction", "pixel", "unclear"]
UNITS: dict[str, Unit] = {"": "fraction", "fraction": "fraction", "pixel": "pixel"}
PIXELS = 2.0  # what no fraction of a photo reaches


@dataclass(frozen=True)
class Row:
    """One photo and text. ``number`` counts from 1; ``boxes`` (x0, y0, x1, y1) hold what the text, or the ``phrase`` in
    it, names, in ``unit``: fractions of the photo, or pixels; ``unclear`` where they may be either. ``label`` is 1
    where the text describes the photo, 0 where it does not, None where the manifest does not say."""

    number: int
    image: Path
    text: str
    boxes: tuple[Box, ...] = ()
    phrase: str = ""
    group: str = ""
    unit: Unit = "fraction"
    label: int | None = None

    def photo(self) -> ImageInput:
        """The photo. Raises InputError where it cannot be used."""
        return read_photo(self.image, self.image.name)


@dataclass(frozen=True)
class Manifest:
    """The rows of a file, its name, the sha256 of its bytes, notes for the person on how it was read, and the bytes
    (empty for a folder), so that what was read is kept whatever becomes of the file."""

    path: Path
    sha256: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Records:
    """The values of every row of a file under the names of its columns; ``folder`` is where relative paths start, and
    ``data`` its bytes (empty for a folder)."""

    path: Path
    folder: Path
    sha256: str
    values: list[dict[str, Any]]
    notes: tuple[str, ...] = ()
    data: bytes = b""


def read_manifest(path: Path, limit: int | None = None) -> Manifest:
    """The rows of a manifest, or its first ``limit`` rows. Relative paths start at its folder.

    That is a table (commas, semicolons, tabs), JSON lines, the captions of COCO, or the folder of a data set of Hugging
    Face or of Flickr30k Entities.

    Raises:
        InputError: if the file cannot be read, has no rows, or a row is not as it should be; it names the row.
    """
    found = read_records(path, limit)
    rows = [read_row(number, item, found.folder) for number, item in enumerate(found.values, 1)]
    named = [bool(item.get("unit")) for item in found.values]
    in_pixels = any(_in_pixels(row) for row, name in zip(rows, named, strict=True) if not name)
    rows = [row if name else replace(row, unit=_unit(row, in_pixels)) for row, name in zip(rows, named, strict=True)]
    labels, notes = labels_of([item.get("label") for item in found.values])
    rows = [replace(row, label=label) for row, label in zip(rows, labels, strict=True)]
    return Manifest(found.path, found.sha256, tuple(rows), (*found.notes, *notes), found.data)


def read_records(path: Path, limit: int | None = None) -> Records:
    """The rows of a manifest as they are written, every column of them, or its first ``limit`` rows.

    Raises:
        InputError: if the file cannot be read, or has no rows.
    """
    notes: list[str] = []
    try:
        path = _file_of(path)
        if path.is_dir():
            taken: list[bytes] = []
            values: list[Any] = entities_rows(path, limit, taken)
            folder, data = path, b"".join(taken)
        else:
            data = read_bytes(path, TABLE_BYTES)
            values = [row for _, row in values_of(path, data, notes, each_text=True)]
            folder = path.parent
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "The manifest {path} cannot be read: {reason}.", path=address(path) or path, reason=reason(error, path)
        ) from error
    values = values[:limit]
    if not values:
        raise InputError("The manifest {name} has no rows; add at least one.", name=path.name)
    if path.suffix.lower() == ".json":
        folder = photo_folder(path, [item["image"] for item in values[:3] if is_text(item.get("image"))])
    kept = b"" if path.is_dir() else data
    return Records(path, folder, hashlib.sha256(data).hexdigest(), values, tuple(dict.fromkeys(notes)), kept)


def _file_of(path: Path) -> Path:
    """The file with the rows, or a folder of Flickr30k Entities."""
    if not path.is_dir() or is_entities(path):
        return path
    file = metadata_of(path)
    if file is None:
        raise InputError(
            "The folder {folder} is not a data set that vtviz knows; choose a manifest, or a folder with "
            "metadata.jsonl or Sentences.",
            folder=path.name,
        )
    return file


def label_of(value: object) -> int | None:
    """1 where a label says that the text describes the photo, 0 where it says that it does not; None for others."""
    return LABELS.get(str(value).strip().lower())


def labels_of(values: list[object]) -> tuple[list[int | None], tuple[str, ...]]:
    """The label of each row, and a note where the column means something else, such as classes of things."""
    labels = [label_of(value) for value in values]
    odd = any(
        label is None and value is not None and str(value).strip() for value, label in zip(values, labels, strict=True)
    )
    return ([None] * len(values), (NO_LABELS,)) if odd else (labels, ())


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
    return Row(number, local_path(folder, image), text, boxes, phrase, str(result["group"]).strip(), unit)


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
