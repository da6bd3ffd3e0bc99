"""Which column of a table holds what, under the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from vtviz.inputs import InputError

COLUMNS = ("image", "text", "boxes", "phrase", "group", "unit", "label")
OTHERS: dict[str, tuple[str, ...]] = {  # names that mean the same, in the form of ``plain_name``
    "image": (
        *("image_path", "image_file", "image_name", "image_filename", "file_name", "filename", "file_path", "filepath"),
        *("image_file_name", "file", "path", "img", "img_path", "photo", "picture", "图片", "照片", "图像"),
    ),
    "text": ("caption", "captions", "sentence", "sentences", "description", "comment", "文本", "描述", "句子"),
    "boxes": ("box", "bbox", "bboxes"),
}
READ_AS = "The column {column} is read as {name}."
READ_AS_BOXES = "The column {column} is read as boxes: x0, y0, x1, y1, not width and height."  # as COCO writes them
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def plain_name(written: str) -> str:
    """The name of a column without what spreadsheets and people add: capitals, spaces, quotation marks."""
    return re.sub(r"[\s\-]+", "_", CAMEL.sub("_", written.strip().strip("\"'").strip()).casefold())


def _note(written: str, name: str) -> str:
    """What the person is told of a column that has another name."""
    return (READ_AS_BOXES if name == "boxes" else READ_AS).format(column=written, name=name)


def columns_of(written: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """The places of the known columns among those of a table, and a note for each that has another name.

    Raises:
        InputError: if ``image`` or ``text`` is missing, or two columns may be meant.
    """
    plain = [plain_name(name) for name in written]
    places: dict[str, int] = {}
    notes = []
    for name in COLUMNS:
        own = [index for index, column in enumerate(plain) if column == name]
        if len(own) > 1:
            raise InputError("The manifest has two columns called {name}; rename one.", name=name)
        others = [index for index, column in enumerate(plain) if column in OTHERS.get(name, ())]
        if not own and len(others) > 1:
            meant = ", ".join(written[index].strip() for index in others)
            raise InputError(
                "The manifest has no column {name}, and several that may be it: {meant}; rename one.",
                name=name,
                meant=meant,
            )
        found = own or others
        if found:
            places[name] = found[0]
            if not own:
                notes.append(_note(written[found[0]].strip(), name))
    missing = [name for name in ("image", "text") if name not in places]
    if missing:
        raise InputError("The manifest has no column {missing}; add it.", missing=", ".join(missing))
    return places, notes


def known_keys(row: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """The values of a JSON object, those of COLUMNS under these names, and a note for each that had another name."""
    result = {str(key): value for key, value in row.items()}
    notes = []
    plain = {plain_name(key): key for key in reversed([*row])}
    for name in COLUMNS:
        key = next((plain[other] for other in (name, *OTHERS.get(name, ())) if other in plain), None)
        if key is not None:
            result.pop(key, None)
            result[name] = row[key]
            if plain_name(key) != name:
                notes.append(_note(str(key), name))
    return result, notes
