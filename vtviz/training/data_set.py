"""What a training reads: the built-in scenes, a folder in the form of the data contract, or a folder of your own with
photos and one table of captions. A row that cannot be used is left out and named."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from vtviz.evaluation.split import Row, split_row
from vtviz.files import REPORT_BYTES, read_bytes, reason
from vtviz.inputs import InputError
from vtviz.manifests.read import labels_of
from vtviz.manifests.tables.columns import READ_AS
from vtviz.manifests.tables.datasets import entities_rows, is_entities, metadata_of
from vtviz.manifests.tables.refusals import Numbered
from vtviz.manifests.tables.values import JSON_LINES, values_of
from vtviz.scenes.compose import NAME as SCENES
from vtviz.scenes.compose import data_folder
from vtviz.training.own_rows import Photos, as_row, has_texts, photos_of
from vtviz.watch import Watch

DEV_SHARE = 0.1  # of the photos, where there is no file for dev
LEAST = 2  # photos in each split: a caption needs another photo that it does not describe
SUFFIXES = (".csv", ".tsv", ".tab", *JSON_LINES, ".json")
OWN_FORM = READ_AS.format(column="captions", name="text")  # no news to anybody
WRONG = "Its label says that the text does not describe the photo."
NO_BOXES = "Boxes beside several texts are not used; use phrases, which say what each box holds."
LINE = "{file}, line {line}: {reason}"


@dataclass(frozen=True)
class Refused:
    """A row that was left out: its file and line, 0 where it is the whole file, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return LINE.format(**vars(self)) if self.line else f"{self.file}: {self.reason}"


@dataclass(frozen=True)
class DataSet:
    """Photos for training and for dev, each a row of the data contract; the folder of the photos; what was refused; and
    notes on how the file was read."""

    name: str
    train: list[Row]
    dev: list[Row]
    images: Path
    refused: tuple[Refused, ...] = ()
    notes: tuple[str, ...] = ()


def read_data(data: str, seed: int = 0, watch: Watch | None = None) -> DataSet:
    """The photos of a data set with their captions, checked.

    A folder holds ``train.jsonl`` and perhaps ``dev.jsonl`` of the data contract, with the photos in ``images/``; or
    one table of captions as manifests are: CSV, TSV, JSON lines, COCO, Flickr30k Entities, a folder of Hugging Face's;
    with the columns ``image``, ``text`` and perhaps ``boxes``, lists of x0, y0, x1, y1 in fractions of the photo or in
    pixels of the photo as it is shown, which hold what the text, or the ``phrase`` in it, names. Its photos lie beside
    it or in ``images/``, and those for dev are drawn by ``seed``.

    Raises:
        InputError: if the folder has no such file, or too few rows can be used.
    """
    folder = data_folder(data, seed, watch)
    refused: list[Refused] = []
    notes: list[str] = []
    own = folder / "train.jsonl"
    path = own if own.is_file() else _only_file(folder)
    found = _lines(path, refused, notes)
    photos = photos_of(folder, path, [values.get("image") for _, values in found])
    train = _rows(found, path.name, photos, refused)
    if (folder / "dev.jsonl").is_file():
        dev = _rows(_lines(folder / "dev.jsonl", refused, notes), "dev.jsonl", photos, refused)
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
    return DataSet(SCENES if data == SCENES else folder.name, train, dev, photos.folder, tuple(refused), tuple(notes))


def _only_file(folder: Path) -> Path:
    """The table of captions in a folder, or the folder itself where it is Flickr30k Entities."""
    if is_entities(folder):
        return folder
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    tables = [path for path in found if path.suffix.lower() != ".json"]  # those may be about the data set
    if len(tables) == 1:
        return tables[0]
    described = metadata_of(folder) if folder.is_dir() else None
    if described is None and len(found) == 1:
        return found[0]
    if described is None:
        raise InputError(
            "The folder {data} needs train.jsonl, or exactly one table of captions (CSV, TSV, JSON Lines or JSON); it "
            "has {count}.",
            data=str(folder),
            count=len(tables or found),
        )
    return described


def _parted(rows: list[Row], seed: int) -> tuple[list[Row], list[Row]]:
    """The rows for training and those for dev, drawn at random."""
    count = max(LEAST, round(DEV_SHARE * len(rows)))
    chosen = set(random.Random(f"{seed}-dev").sample(range(len(rows)), min(count, len(rows))))
    return (
        [row for index, row in enumerate(rows) if index not in chosen],
        [row for index, row in enumerate(rows) if index in chosen],
    )


def _lines(path: Path, refused: list[Refused], notes: list[str]) -> list[Numbered]:
    """The rows of a file with their lines; those that cannot be read, and those that say that their text is wrong, are
    added to ``refused``, and to ``notes`` how the file is read."""
    told: list[str] = []
    try:
        if path.is_dir():
            found: list[Numbered] = list(enumerate(entities_rows(path, None, []), 1))
        else:
            data = read_bytes(path, REPORT_BYTES)
            found = values_of(path, data, told, lambda line, e: refused.append(Refused(path.name, line, str(e))))
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(
            "The file {name} cannot be read: {reason}.", name=path.name, reason=reason(error, path)
        ) from error
    if any(values.get("boxes") and has_texts(values) for _, values in found):
        told.append(NO_BOXES)
    labels, more = labels_of([values.get("label") for _, values in found])
    notes += dict.fromkeys(note for note in (*told, *more) if note not in (OWN_FORM, *notes))
    wrong = [line for (line, _), label in zip(found, labels, strict=True) if label == 0]
    refused += [Refused(path.name, line, WRONG) for line in wrong]
    return [row for row, label in zip(found, labels, strict=True) if label != 0]


def _rows(lines: list[Numbered], file: str, photos: Photos, refused: list[Refused]) -> list[Row]:
    """The rows that can be used, those about one photo joined; others are added to ``refused``."""
    joined: dict[str, Row] = {}
    numbers: dict[tuple[str, str], int] = {}
    for line, values in lines:
        try:
            row = split_row(as_row(values, photos), line, file)
            photos.size(row["image"])
        except InputError as error:
            refused.append(Refused(file, line, str(error)))
            continue
        image, texts = row["image"], row["captions"]
        kept = joined.setdefault(image, {**row, "captions": [], "phrases": [], "foils": []})
        known = numbers.get((image, texts[0])) if len(texts) == 1 else None  # each phrase of a text may have a row
        first = len(kept["captions"]) if known is None else known
        if known is None:
            kept["captions"] += texts
            numbers.setdefault((image, texts[0]), first)
        for key in ("phrases", "foils"):
            kept[key] += [{**item, "caption": item["caption"] + first} for item in row.get(key, [])]
    return list(joined.values())
