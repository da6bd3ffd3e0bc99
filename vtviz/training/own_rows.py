"""Rows as people write them become rows of the data contract: where their photo lies, and what their boxes hold."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from vtviz.evaluation.split import Row
from vtviz.files import is_file, is_number, is_text, parse_json, photo_size
from vtviz.inputs import InputError, composed
from vtviz.manifests.read import PIXELS, UNITS

SAMPLE = 20  # photos by which their folder is found


class Photos:
    """The photos in a folder: what a row calls one, and its width and height, upright, read once: it may have many
    rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sizes: dict[str, tuple[int, int] | InputError] = {}

    def name_of(self, written: object) -> object:
        """The path of a photo from the folder, with the backslashes of Windows read as they were meant; what is no
        text stays as it is.

        Raises:
            InputError: if it leads out of the folder: whoever uploads a data set may read nothing else of this machine.
        """
        if not is_text(written):
            return written
        name = _inside(self.folder, str(written).strip())
        if name is None:
            raise InputError(
                "The photo {name} lies outside the folder of the data set; use a path inside it.", name=written
            )
        return name

    def size(self, name: str) -> tuple[int, int]:
        """The size of the photo of this name. Raises InputError where its beginning shows that it cannot be used."""
        if name not in self._sizes:
            try:
                self._sizes[name] = photo_size(self.folder / name, name)
            except InputError as error:
                self._sizes[name] = error if "name" in error.values else _named(name, error)
        found = self._sizes[name]
        if isinstance(found, InputError):
            raise found
        return found


def photos_of(folder: Path, file: Path, written: Sequence[object]) -> Photos:
    """The photos of a file of captions in a folder: in ``images/``, beside the file, or in a folder that is called as
    the file, as ``val2017`` is for ``captions_val2017.json``; where most of the first ones lie."""
    names = ("images", "", file.stem.rsplit("_", 1)[-1])
    places = [place for base in (folder, file.parent) for name in names if (place := base / name).is_dir()]
    few = [name for name in written[:SAMPLE] if is_text(name)]

    def found(place: Path) -> int:
        return sum(name is not None and is_file(place / name) for name in (_inside(place, str(own)) for own in few))

    return Photos(max(places, key=found))


def _inside(folder: Path, written: str) -> str | None:
    """The path of a photo from a folder; None where it leads out of it."""
    path = folder / written
    if "\\" in written and not os.path.lexists(path):
        if PureWindowsPath(written).is_absolute():
            return None
        path = folder / written.replace("\\", "/")
    if not path.is_relative_to(folder) or ".." in path.relative_to(folder).parts or ".." in PurePath(written).parts:
        return None
    return path.relative_to(folder).as_posix()


def _named(photo: str, error: InputError) -> InputError:
    return InputError("The photo {name} cannot be used. {reason}", name=photo, reason=str(error))


def has_texts(values: dict[str, Any]) -> bool:
    """Whether a row has a list of texts."""
    return any(isinstance(values.get(name), list) for name in ("captions", "text"))


def as_row(values: dict[str, Any], photos: Photos) -> Row:
    """A row of the data contract, but not checked, from the values under the names of the known columns: one with
    several captions, or with one and its boxes."""
    image, text = photos.name_of(values.get("image")), values.get("text")
    others = {name: value for name, value in values.items() if name != "text"}
    if isinstance(text, list) and not isinstance(values.get("captions"), list):
        others["captions"] = [item.get("raw") if isinstance(item, dict) else item for item in text]
    if has_texts(values) or text is None:
        return {**others, "image": image}
    row: Row = {"image": image, "captions": [text]}
    boxes = values.get("boxes")
    if boxes and isinstance(text, str) and isinstance(image, str):
        start, end = _place_of(values.get("phrase"), text)
        listed = [_in_fractions(box, values.get("unit"), image, photos) for box in _listed(boxes)]
        row["phrases"] = [{"caption": 0, "start": start, "end": end, "boxes": listed}]
    return row


def _place_of(phrase: object, text: str) -> tuple[int, int]:
    """Where the phrase that boxes belong to stands in a text: the whole text where there is none."""
    if phrase is None or not str(phrase).strip():
        return 0, len(text)
    written = next((own for own in (str(phrase).strip(), composed(str(phrase).strip())) if own in text), None)
    if written is None:
        raise InputError("The phrase {phrase} does not occur in its text.", phrase=phrase)
    return text.index(written), text.index(written) + len(written)


def _listed(boxes: Any) -> list[Any]:
    """Boxes, or the only one, which may be written as JSON inside JSON."""
    if isinstance(boxes, str):
        try:
            boxes = parse_json(boxes)
        except ValueError:
            return [boxes]
    return boxes if isinstance(boxes, list) and boxes and isinstance(boxes[0], list) else [boxes]


def _in_fractions(box: Any, written: object, image: str, photos: Photos) -> Any:
    """A box in fractions of its photo, which may be in pixels; one that is no box stays as it is, and is refused
    later."""
    unit = UNITS.get(str(written or "").strip())
    if unit is None:
        raise InputError("The unit of boxes must be fraction or pixel, not {unit}.", unit=written)
    if not isinstance(box, list) or not all(map(is_number, box)):
        return box
    if unit != "pixel" and (written or max(box, default=0) < PIXELS):
        return box
    return [value / length for value, length in zip(box, photos.size(image) * 2, strict=False)]
