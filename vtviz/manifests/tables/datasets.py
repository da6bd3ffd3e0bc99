"""Photos and texts of data sets that come in a form of their own."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vtviz.files import JSON_BYTES, is_file, read_bytes
from vtviz.inputs import InputError
from vtviz.manifests.tables.columns import known_keys

METADATA = ("metadata.jsonl", "metadata.csv")  # of a folder of Hugging Face's
SENTENCES, ANNOTATIONS = "Sentences", "Annotations"  # the folders of Flickr30k Entities
PHOTO_FOLDERS = ("flickr30k-images", "flickr30k_images", "images")
TAGGED = re.compile(r"\[/EN#(\d{1,12})[^\s\]]{0,200} ([^\[\]]*)\]")
LISTS = ("captions", "sentences")  # several texts of one photo
Rows = list[dict[str, Any]]


def json_table(value: Any) -> Rows | None:
    """The rows of a JSON file: COCO's captions, Karpathy's splits, a list of objects, or texts by photo; None where it
    is none of these.

    Raises:
        InputError: if COCO's annotations have no captions.
    """
    if isinstance(value, list):
        return [row for item in value for row in one_text_each(item)]
    if not isinstance(value, dict):
        return None
    images, annotations = value.get("images"), value.get("annotations")
    if isinstance(images, list) and isinstance(annotations, list):
        return _coco(images, annotations)
    if isinstance(images, list):
        return [row for item in images for row in one_text_each(item)]
    if {"image", "text"} <= known_keys(value)[0].keys():
        return [*one_text_each(value)]
    if value and all(isinstance(own, str) or _are_texts(own) for own in value.values()):
        texts = {image: [own] if isinstance(own, str) else own for image, own in value.items()}
        return [{"image": image, "text": text} for image, own in texts.items() for text in own]
    return None


def one_text_each(row: Any) -> Iterator[Any]:
    """A row for each text of a row that has several, as texts or as objects with ``raw``."""
    name = next((name for name in LISTS if isinstance(row, dict) and isinstance(row.get(name), list)), None)
    if name is None:
        yield row
        return
    others = {key: value for key, value in row.items() if key != name}
    for text in row[name]:
        yield {**others, "text": text.get("raw") if isinstance(text, dict) else text}


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _coco(images: list[Any], annotations: list[Any]) -> Rows:
    """A row for each caption, in the order of the annotations."""
    names = {_key(item.get("id")): item.get("file_name") for item in images if isinstance(item, dict)}
    captions = [item for item in annotations if isinstance(item, dict) and "caption" in item]
    if not captions:
        raise InputError("The annotations in this file have no captions; choose the file with captions.")
    return [{"image": names.get(_key(item.get("image_id"))), "text": item["caption"]} for item in captions]


def _key(value: Any) -> str:
    return str(value)[:100]


def photo_folder(manifest: Path, images: list[str]) -> Path:
    """The folder that the photos of a data set lie in: its manifest's, or one beside it, as ``images`` or ``val2017``
    for ``annotations/captions_val2017.json``."""
    folder, split = manifest.parent, manifest.stem.rsplit("_", 1)[-1]
    places = [base / name for base in (folder, folder.parent) for name in ("", "images", split)]
    few = images[:3]
    return next((place for place in places if few and all(is_file(place / image) for image in few)), folder)


def metadata_of(folder: Path) -> Path | None:
    """The file that describes the photos of a folder as Hugging Face's data sets do, there or in its only split."""
    for pattern in ("", "*/"):
        found = sorted(file for name in METADATA for file in folder.glob(pattern + name))
        if found:
            if len(found) > 1:
                raise InputError(
                    "The folder {folder} holds several manifests ({names}); choose one of them.",
                    folder=folder.name,
                    names=", ".join(str(file.relative_to(folder)) for file in found[:4]),
                )
            return found[0]
    return None


def is_entities(folder: Path) -> bool:
    """Whether a folder holds Flickr30k Entities."""
    return (folder / SENTENCES).is_dir()


def entities_rows(folder: Path, limit: int | None, taken: list[bytes]) -> Rows:
    """A row for each boxed phrase of Flickr30k Entities, boxes in pixels, and one for a sentence without any; at most
    ``limit``. ``taken`` gets the bytes of what was read.

    Plummer et al., "Flickr30k Entities", ICCV 2015.
    """
    photos = next((folder / name for name in PHOTO_FOLDERS if (folder / name).is_dir()), folder)
    rows: Rows = []
    for file in sorted((folder / SENTENCES).glob("*.txt")):
        if limit is not None and len(rows) >= limit:
            break
        sentences = read_bytes(file, JSON_BYTES)
        annotations = folder / ANNOTATIONS / f"{file.stem}.xml"
        boxed = read_bytes(annotations, JSON_BYTES) if is_file(annotations) else b""
        taken += [sentences, boxed]
        boxes = _boxes(boxed, annotations.name) if boxed else {}
        image = str((photos / f"{file.stem}.jpg").relative_to(folder))
        for line in filter(str.strip, sentences.decode("utf-8", errors="replace").splitlines()):
            rows += _of_sentence(line, image, boxes)
    return rows


def _of_sentence(line: str, image: str, boxes: Mapping[str, list[list[float]]]) -> Rows:
    row = {"image": image, "text": TAGGED.sub(lambda found: found[2], line).strip()}
    boxed = [(found[2].strip(), boxes[found[1]]) for found in TAGGED.finditer(line) if boxes.get(found[1])]
    return [{**row, "phrase": phrase, "boxes": own, "unit": "pixel"} for phrase, own in boxed] or [row]


def _boxes(data: bytes, name: str) -> dict[str, list[list[float]]]:
    """The boxes of each thing, by its number."""
    try:
        root = ET.fromstring(data)
        result: dict[str, list[list[float]]] = {}
        for thing in root.iter("object"):
            box = thing.find("bndbox")
            if box is not None:
                corners = [float(box.findtext(side, "")) for side in ("xmin", "ymin", "xmax", "ymax")]
                for number in thing.findall("name"):
                    result.setdefault(number.text or "", []).append(corners)
        return result
    except (ET.ParseError, ValueError) as error:
        raise InputError("The file {name} with boxes is damaged; save or download it again.", name=name) from error
