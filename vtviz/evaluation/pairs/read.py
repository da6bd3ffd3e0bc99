"""Pairs from whatever holds them: the packaged samples, a split of a data set, or a manifest with labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vtviz.evaluation.pairs.pair import Pair, PairSet
from vtviz.evaluation.split import CHINESE, Row, read_split
from vtviz.files import address, is_file, is_folder, parse_json, reason
from vtviz.inputs import InputError, check_text
from vtviz.manifests.read import label_of, read_records, read_row
from vtviz.manifests.tables.columns import COLUMNS
from vtviz.manifests.tables.values import JSON_LINES
from vtviz.paths import ASSETS

SAMPLES = ASSETS / "samples" / "samples.json"
SUFFIXES = (*JSON_LINES, ".csv", ".tsv", ".tab", ".json")  # and no .txt, which is a readme more often
KIND = ":kind"  # a key that no row of a file has
KINDS = ("true", "changed", "other")  # the texts of a packaged sample, in their order
SPLIT_KEYS = {"image", "captions", "phrases", *CHINESE}  # of a row of a split, by which nothing is grouped


def read_pairs(path: Path, limit: int | None = None) -> PairSet:
    """The pairs in a file: ``NAME.jsonl`` of a data set, whose photos lie in ``images/`` beside it; a CSV or JSONL
    manifest with ``image``, ``text`` and ``label``; or the packaged samples.

    In a data set every caption makes two pairs: with its own photo (a match), and caption k of photo i with photo
    (i + 1 + k) mod N (a mismatch), which has the further columns of the caption's row.

    Args:
        path: the file.
        limit: only so many photos of a data set, or rows of a manifest.

    Raises:
        InputError: if the file cannot be read, or a row is not as it should be; it names the row.
    """
    if path == SAMPLES:
        return _samples(limit)
    if _is_split(path):
        rows = read_split(path.parent, path.stem, limit)
        if len(rows) < 2:
            raise InputError("Matching needs at least two photos; raise the limit or give more data.")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return PairSet(f"{path.parent.name}/{path.stem}", sha256, tuple(split_pairs(rows, path.parent / "images")))
    found = read_records(path, limit)
    records = found.values
    if not any("label" in record for record in records):
        raise InputError(
            "The manifest {name} has no column label; add it, with 1 where the text describes the photo and 0 where it "
            "does not.",
            name=path.name,
        )
    pairs = [_labelled(number, record, found.folder) for number, record in enumerate(records, 1)]
    return PairSet(path.name, found.sha256, tuple(pairs))


def _is_split(path: Path) -> bool:
    """Whether a file is one of the data contract, with several captions a line."""
    if path.suffix.lower() != ".jsonl" or not is_file(path):
        return False
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = parse_json(next((line for line in file if line.strip()), "null"))
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and any(isinstance(first.get(key), list) for key in ("captions", *CHINESE))


def splits_in(folder: Path) -> list[Path]:
    """The files of pairs in a folder: its splits and manifests by name, JSON files last, which may be about it.

    Raises:
        InputError: if there is no such folder, or none of them in it.
    """
    if not is_folder(folder):
        raise InputError("There is no folder {folder}; check the path.", folder=address(folder) or str(folder))
    try:
        found = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise InputError(
            "The folder {folder} cannot be read: {reason}.", folder=str(folder), reason=reason(error, folder)
        ) from error
    found.sort(key=lambda file: file.suffix.lower() == ".json")
    if not found:
        raise InputError(
            "The folder {folder} has no .jsonl, .csv, .tsv or .json file; choose another.", folder=str(folder)
        )
    return found


def split_pairs(rows: Sequence[Row], images: Path) -> Iterator[Pair]:
    """The true pairs of all photos, then the wrong ones, each photo by photo, as ``matching`` of ``vtviz evaluate``
    takes them."""
    count = len(rows)
    for row in rows:
        for text in row["captions"]:
            yield Pair(images / row["image"], text, 1, _words(row))
    for index, row in enumerate(rows):
        for k, text in enumerate(row["captions"]):
            other = rows[(index + 1 + k % (count - 1)) % count]
            yield Pair(images / other["image"], text, 0, _words(row))


def _words(row: Row) -> tuple[tuple[str, str], ...]:
    """The columns of a row of a split that hold words; its numbers are sizes of photos and the like."""
    return _keys({key: value for key, value in row.items() if isinstance(value, str)}, SPLIT_KEYS)


def _samples(limit: int | None) -> PairSet:
    """Each packaged photo with a true text, the same with one word changed, and one about something else, in English
    and in Chinese."""
    data = SAMPLES.read_bytes()
    pairs = []
    for row in json.loads(data)[:limit]:
        for texts in (row["texts"], row["texts_zh"]):
            for kind, text in zip(KINDS, texts, strict=True):
                label = int(kind == KINDS[0])
                pairs.append(Pair(SAMPLES.parent / row["file"], text, label, ((KIND, kind),)))
    return PairSet("samples", hashlib.sha256(data).hexdigest(), tuple(pairs))


def _labelled(number: int, record: Mapping[str, Any], folder: Path) -> Pair:
    row = read_row(number, record, folder)
    label = label_of(record.get("label"))
    if label is None:
        raise InputError(
            "The label in row {number} of the manifest must be 1 (the text describes the photo) or 0 (it does not).",
            number=number,
        )
    try:
        text = check_text(row.text)
    except InputError as error:
        raise InputError(
            "Row {number} of the manifest cannot be used. {reason}", number=number, reason=str(error)
        ) from error
    group = (("group", row.group),) if row.group else ()
    return Pair(row.image, text, label, (*group, *_keys(record, {*COLUMNS})))


def _keys(row: Mapping[str, Any], without: set[str]) -> tuple[tuple[str, str], ...]:
    """The columns of a row that hold a single word or number."""
    return tuple(
        (key, str(value).strip())
        for key, value in row.items()
        if key and key not in without and isinstance(value, str | int | float) and str(value).strip()
    )
