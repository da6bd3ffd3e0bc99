"""What a training reads: the built-in scenes, a folder in the form of the data contract, or a folder of your own with
photos and one file of captions. A row that cannot be used is left out and named."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from vtviz.evaluation.split import Row, split_row
from vtviz.files import REPORT_BYTES, is_number, parse_json, photo_size, read_bytes, reason
from vtviz.inputs import InputError
from vtviz.scenes.compose import NAME as SCENES
from vtviz.scenes.compose import data_folder
from vtviz.watch import Watch

DEV_SHARE = 0.1  # of the photos, where there is no file for dev
LEAST = 2  # photos in each split: a caption needs another photo that it does not describe
CAPTIONS = ("captions", "caption", "text")  # what the column of the captions may be called
SUFFIXES = (".csv", ".jsonl")


@dataclass(frozen=True)
class Refused:
    """A row that was left out: its file and line, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


@dataclass(frozen=True)
class DataSet:
    """Photos for training and for dev, each a row of the data contract; the folder of the photos; what was refused."""

    name: str
    train: list[Row]
    dev: list[Row]
    images: Path
    refused: tuple[Refused, ...] = ()


def read_data(data: str, seed: int = 0, watch: Watch | None = None) -> DataSet:
    """The photos of a data set with their captions, checked.

    A folder holds ``train.jsonl`` and perhaps ``dev.jsonl`` of the data contract, with the photos in ``images/``; or
    one CSV or JSONL file with the columns ``image``, ``text`` (or ``caption``) and perhaps ``boxes``, lists of x0, y0,
    x1, y1 in fractions of the photo or in pixels, which hold what the text names. Its photos lie beside it or in
    ``images/``, and those for dev are drawn by ``seed``.

    Raises:
        InputError: if the folder has no such file, or too few rows can be used.
    """
    folder = data_folder(data, seed, watch)
    own = folder / "train.jsonl"
    path = own if own.is_file() else _only_file(folder)
    images = folder / "images" if (folder / "images").is_dir() else folder
    refused: list[Refused] = []
    train = _rows(path, images, refused)
    if (folder / "dev.jsonl").is_file():
        dev = _rows(folder / "dev.jsonl", images, refused)
    else:
        train, dev = _parted(train, seed)
    if min(len(train), len(dev)) < LEAST:
        raise InputError(
            "Training needs at least {least} photos with captions; {data} has {count} that can be used. {reason}",
            least=2 * LEAST,
            data=folder.name,
            count=len(train) + len(dev),
            reason=str(refused[0]) if refused else "",
        )
    return DataSet(SCENES if data == SCENES else folder.name, train, dev, images, tuple(refused))


def _only_file(folder: Path) -> Path:
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if len(found) != 1:
        raise InputError(
            "The folder {data} needs train.jsonl, or exactly one CSV or JSONL file of captions; it has {count}.",
            data=str(folder),
            count=len(found),
        )
    return found[0]


def _parted(rows: list[Row], seed: int) -> tuple[list[Row], list[Row]]:
    """The rows for training and those for dev, drawn at random."""
    count = max(LEAST, round(DEV_SHARE * len(rows)))
    chosen = set(random.Random(f"{seed}-dev").sample(range(len(rows)), min(count, len(rows))))
    return (
        [row for index, row in enumerate(rows) if index not in chosen],
        [row for index, row in enumerate(rows) if index in chosen],
    )


def _rows(path: Path, images: Path, refused: list[Refused]) -> list[Row]:
    """The rows of a file that can be used, those about one photo joined; others are added to ``refused``."""
    joined: dict[str, Row] = {}
    sizes = Sizes(images)
    for line, values in _lines(path, refused):
        try:
            _need_inside(values.get("image"))
            row = split_row(_as_row(values, sizes), line, path.name)
            sizes.of(row["image"])
        except InputError as error:
            refused.append(Refused(path.name, line, str(error)))
            continue
        kept = joined.setdefault(row["image"], {**row, "captions": [], "phrases": [], "foils": []})
        first = len(kept["captions"])
        kept["captions"] += row["captions"]
        for key in ("phrases", "foils"):
            kept[key] += [{**item, "caption": item["caption"] + first} for item in row.get(key, [])]
    return list(joined.values())


def _lines(path: Path, refused: list[Refused]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The numbered rows of a CSV or JSONL file."""
    try:
        text = read_bytes(path, REPORT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("The file {name} is not UTF-8 text.", name=path.name) from error
    except OSError as error:
        raise InputError(
            "The file {name} cannot be read: {reason}.", name=path.name, reason=reason(error, path)
        ) from error
    if path.suffix.lower() == ".csv":
        yield from _csv_lines(text, path.name, refused)
        return
    for line, written in enumerate(text.split("\n"), 1):
        if written.strip():
            try:
                values = parse_json(written)
            except ValueError:
                values = None
            if isinstance(values, dict):
                yield line, values
            else:
                refused.append(Refused(path.name, line, "it is not a JSON object"))


def _csv_lines(text: str, name: str, refused: list[Refused]) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = reader.fieldnames or []
    except csv.Error as error:
        raise InputError("The file {name} cannot be read: {reason}.", name=name, reason=str(error)) from error
    if "image" not in columns or not set(CAPTIONS) & set(columns):
        raise InputError("The file {name} needs the columns image and text.", name=name)
    while True:
        try:
            values = next(reader)
            if values.get("boxes"):
                values = {**values, "boxes": parse_json(values["boxes"])}
        except StopIteration:
            return
        except (csv.Error, ValueError) as error:
            refused.append(Refused(name, reader.line_num, str(error)))
            continue
        if None in values or None in values.values():
            refused.append(Refused(name, reader.line_num, "it has a different number of columns from the first line"))
        else:
            yield reader.line_num, values


def _as_row(values: dict[str, Any], sizes: Sizes) -> Row:
    """A row of the data contract out of one with a single caption and its boxes."""
    key = next((name for name in CAPTIONS if name in values), None)
    if key is None or isinstance(values[key], list):
        return dict(values)
    caption, image = values[key], values.get("image")
    row: Row = {"image": image, "captions": [caption]}
    boxes = values.get("boxes")
    if boxes and isinstance(caption, str) and isinstance(image, str):
        listed = boxes if isinstance(boxes, list) and isinstance(boxes[0], list) else [boxes]
        listed = [_in_fractions(box, image, sizes) for box in listed]
        row["phrases"] = [{"caption": 0, "start": 0, "end": len(caption), "boxes": listed}]
    return row


def _in_fractions(box: Any, image: str, sizes: Sizes) -> Any:
    """A box in fractions of its photo; one that is no box stays as it is, and is refused later."""
    if not isinstance(box, list) or not all(map(is_number, box)) or max(box, default=0) < 2:
        return box
    return [value / length for value, length in zip(box, sizes.of(image) * 2, strict=False)]


def _need_inside(name: object) -> None:
    """Refuses a photo outside the folder of its data set: whoever uploads one may read nothing else of this machine."""
    if isinstance(name, str) and (PurePath(name).is_absolute() or ".." in PurePath(name).parts):
        raise InputError("The photo {name} lies outside the folder of the data set; use a path inside it.", name=name)


class Sizes:
    """Width and height of the photos in a folder, upright, each read once: a photo may have many rows."""

    def __init__(self, images: Path) -> None:
        self.images = images
        self._known: dict[str, tuple[int, int] | InputError] = {}

    def of(self, name: str) -> tuple[int, int]:
        """The size of the photo of this name. Raises InputError where its beginning shows that it cannot be used."""
        if name not in self._known:
            try:
                self._known[name] = photo_size(self.images / name, name)
            except InputError as error:
                self._known[name] = error if "name" in error.values else _named(name, error)
        found = self._known[name]
        if isinstance(found, InputError):
            raise found
        return found


def _named(photo: str, error: InputError) -> InputError:
    return InputError("The photo {name} cannot be used. {reason}", name=photo, reason=str(error))
