"""Data sets as they are uploaded: zips with any names and contents, tables of captions that lead anywhere."""

from __future__ import annotations

import io
import json
import random
import tempfile
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PIL import Image

from tests.reliability.fuzz.running import ODD, Read, changed, mutated
from tests.reliability.fuzz.stories import packed
from vtviz.inputs import InputError
from vtviz.manifests.save import save_uploads, unpack
from vtviz.tasks.search.photo_files import photos_in
from vtviz.training.data_set import read_data

NAMES = (
    *(
        "",
        ".",
        "..",
        "/",
        "//",
        "../x.png",
        "/etc/x.png",
        "a/../../x.png",
        "C:\\x.png",
        "..\\x.png",
        "~/x.png",
        "\ud7ff.png",
    ),
    *(
        "a" * 300 + ".png",
        "a/" * 200 + "x.png",
        "train.jsonl/x.png",
        "0.png/x",
        "CON.png",
        "x.png ",
        "\x1b.png",
        "x\u202e.png",
    ),
    *("manifest.csv", "manifest.jsonl", "train.jsonl", "dev.jsonl", "images/0.png", "other.csv", "0.png", "0.png"),
)


def cases(rng: random.Random) -> Iterator[Read]:
    """Uploads of data sets and manifests."""
    warnings.simplefilter("ignore")  # names that stand twice
    buffer = io.BytesIO()
    Image.new("RGB", (16, 12), "red").save(buffer, "PNG")
    photo = buffer.getvalue()
    while True:
        rows = [{"image": f"{number}.png", "text": f"a dog {number}"} for number in range(6)]
        lines = "\n".join(json.dumps(changed(row, rng) if rng.random() < 0.3 else row) for row in rows)
        if rng.random() < 0.3:
            table = "image,text,boxes\n" + "".join(
                f'{rng.choice((row["image"], rng.choice(NAMES)))},{row["text"]},"{rng.choice(ODD)}"\n' for row in rows
            )
        else:
            table = ""
        files = {f"{number}.png": photo for number in range(6)}
        files["captions.csv" if table else "captions.jsonl"] = (table or lines).encode("utf-8", "surrogatepass")
        for _ in range(rng.randrange(3)):
            files[rng.choice(NAMES)] = rng.choice((photo, mutated(photo, rng), lines.encode("utf-8", "replace"), b""))
        yield partial(_read, packed(files, rng), (table or lines).encode("utf-8", "surrogatepass"), bool(table))


def _read(data: bytes, manifest: bytes, is_table: bool) -> object:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "outside.png").write_bytes(b"")
        errors = []
        for way in (_as_data_set, _as_manifest, _as_folder):
            try:
                way(root / way.__name__, data, manifest, is_table)
            except InputError as error:
                errors.append(error)
        assert {path.name for path in root.iterdir()} <= {"outside.png", "_as_data_set", "_as_manifest", "_as_folder"}
        if errors:
            raise errors[0]
        return True


def _as_data_set(folder: Path, data: bytes, manifest: bytes, is_table: bool) -> None:
    unpack("x.zip", data, folder)
    found = read_data(str(folder))
    for row in (*found.train, *found.dev):
        assert (found.images / row["image"]).resolve().is_relative_to(folder.resolve()), row["image"]


def _as_manifest(folder: Path, data: bytes, manifest: bytes, is_table: bool) -> None:
    path = save_uploads(folder, ("m.csv" if is_table else "m.jsonl", manifest), [("x.zip", data)])
    assert path.read_bytes() == manifest


def _as_folder(folder: Path, data: bytes, manifest: bytes, is_table: bool) -> None:
    folder.mkdir()
    (folder / "x.zip").write_bytes(data)
    photos = photos_in(folder / "x.zip")
    for photo in photos.files():
        photos.read(photo.path)
