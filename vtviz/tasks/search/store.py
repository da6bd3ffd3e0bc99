"""A store: the vectors, parts and thumbnails of an indexed folder."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from vtviz.files import data_folder, is_number, is_text, make_folder, parse_json, write_atomically
from vtviz.inputs import ImageInput, InputError, read_image
from vtviz.tasks.search.embedded import EmbeddedVectors
from vtviz.tasks.search.entry import Near
from vtviz.tasks.search.kept import KeptParts
from vtviz.tasks.search.photo_files import Photos, photos_in
from vtviz.tasks.search.vectors import Vectors

SCHEMA = "vtviz.store/1"
ABOUT, VECTORS = "store.json", "vectors"
COLLECTION = "vtviz"
KEY = "VTVIZ_QDRANT_KEY"  # the environment variable that holds the key of a server


@dataclass(frozen=True)
class About:
    """What a store holds: the indexed folder or zip file, the model and its weights, the width of a vector, and when it
    was last indexed (seconds since 1970; 0 where that was never finished). ``vectors`` is the address of their
    collection on a server, for a store in a folder; "" where they lie beside the rest."""

    photos: str
    model: str
    weights_sha256: str
    width: int
    indexed: float = 0.0
    vectors: str = ""


class NoStore(InputError):
    """There is nothing at an address yet."""


class Store:
    """An open store."""

    def __init__(self, address: str, folder: Path, about: About) -> None:
        self.address, self.folder, self.about = address, folder, about
        self.kept = KeptParts(folder)
        self.vectors: Vectors = _vectors(about.vectors or address, folder, about.width)
        self._writes = 0

    @property
    def photos(self) -> Photos:
        """The photos where they lie. Raises InputError where they are gone."""
        return photos_in(Path(self.about.photos), self.folder)

    @property
    def revision(self) -> str:
        """Changes whenever the store does."""
        return f"{self.about.indexed}-{self._writes}"

    def wrote(self) -> None:
        """Notes that photos came or went."""
        self._writes += 1

    def finished(self) -> None:
        """Notes that the index is complete, and tidies up."""
        self.vectors.tidy()
        self.about = replace(self.about, indexed=time.time())
        _write(self.folder, self.about)

    def read_photo(self, path: str) -> ImageInput:
        """A photo of the store. Raises InputError where it cannot be read any more."""
        return read_image(self.photos.read(path))

    def thumbnail(self, sha256: str) -> bytes:
        """The thumbnail of a photo with these bytes, a JPEG file. Raises InputError where it is missing."""
        try:
            return self.kept.thumbnail(sha256)
        except OSError as error:
            raise incomplete(self.address) from error

    def check(self, weights_sha256: str) -> None:
        """Raises InputError where the store was made with other weights, whose vectors mean something else."""
        if weights_sha256 != self.about.weights_sha256:
            raise self.other_model()

    def other_model(self) -> InputError:
        """What is said where another model is to use the store."""
        return InputError(
            "The store {store} was made with {model} and other weights; choose another store, or delete it and index "
            "again.",
            store=self.address,
            model=self.about.model,
        )

    def get(self, paths: Sequence[str]) -> list[Near]:
        """These photos, in their order. Raises InputError where one is not in the store."""
        known = {near.entry.path: near for near in self.vectors.get(list(paths))}
        missing = next((path for path in paths if path not in known), None)
        if missing is not None:
            raise InputError("The photo {path} is not in the store; index the folder again.", path=missing)
        return [known[path] for path in paths]


def incomplete(address: str) -> InputError:
    """What is said of a store whose files are missing or damaged."""
    return InputError("Files are missing from the store {store}; index the folder again.", store=address)


_open: dict[str, Store] = {}
_opening = threading.Lock()


def open_store(address: str) -> Store:
    """The store at an address, a folder or ``http://HOST:PORT[/COLLECTION]``, kept open in this process.

    Raises:
        InputError: if there is none, or it cannot be used.
    """
    name, folder = _place(address)
    with _opening:
        if name not in _open:
            _open[name] = Store(name, folder, _read(name, folder))
        return _open[name]


def make_store(address: str, about: About) -> Store:
    """The store at an address, made where there is none.

    Raises:
        InputError: if it holds other photos, or was made by another model.
    """
    name, folder = _place(address)
    if not (folder / ABOUT).exists():
        if folder.exists() and any(folder.iterdir()):
            raise InputError(
                "The folder {folder} is not empty and not a store; choose another place.", folder=str(folder)
            )
        make_folder(folder)
        _write(folder, about)
    store = open_store(address)
    if store.about.photos != about.photos:
        raise InputError(
            "The store {store} holds the photos of {photos}; choose another store.",
            store=name,
            photos=store.about.photos,
        )
    if (store.about.model, store.about.weights_sha256) != (about.model, about.weights_sha256):
        raise store.other_model()
    return store


def close_store(address: str) -> None:
    """Gives the files of a store back, if it is open here."""
    name, _ = _place(address)
    with _opening:
        store = _open.pop(name, None)
    if store is not None:
        store.vectors.close()


def remove_vectors(address: str) -> None:
    """Deletes the collection of a store in a folder whose vectors are on a server, before the folder itself is.

    Raises:
        InputError: if the server does not answer.
    """
    close_store(address)
    name, folder = _place(address)
    try:
        collection = _read(name, folder).vectors
    except InputError:  # no store, or a damaged one
        return
    if collection:
        from vtviz.tasks.search.server import remove_collection

        remove_collection(*_parts(collection), os.environ.get(KEY))


def _place(address: str) -> tuple[str, Path]:
    """The full name of a store, and the folder for what is not on a server."""
    if not address.startswith(("http://", "https://")):
        folder = Path(address).expanduser().resolve()
        return str(folder), folder
    name = address.rstrip("/")
    if not urlsplit(name).hostname or len(_collection(name).split("/")) > 1:
        raise InputError("{address} is not an address of a store; write http://HOST:PORT/COLLECTION.", address=address)
    return name, data_folder() / "stores" / hashlib.sha256(name.encode()).hexdigest()[:16]


def _collection(address: str) -> str:
    return urlsplit(address).path.strip("/") or COLLECTION


def _parts(address: str) -> tuple[str, str]:
    """The server of an address, and the collection there."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}", _collection(address)


def _vectors(address: str, folder: Path, width: int) -> Vectors:
    if not address.startswith(("http://", "https://")):
        return EmbeddedVectors(folder / VECTORS, width)
    from vtviz.tasks.search.server import ServerVectors  # its import takes seconds

    return ServerVectors(*_parts(address), width, os.environ.get(KEY))


def _read(name: str, folder: Path) -> About:
    try:
        values = parse_json((folder / ABOUT).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NoStore("There is no store {store}; index a folder first.", store=name) from error
    except (OSError, ValueError) as error:
        raise InputError("The store {store} cannot be read; index the folder again.", store=name) from error
    texts, numbers = ("photos", "model", "weights_sha256"), ("width", "indexed")
    good = isinstance(values, dict) and values.get("schema") == SCHEMA
    if (
        not good
        or not all(is_text(values.get(key)) for key in texts)
        or not all(is_number(values.get(key)) for key in numbers)
        or not is_text(values.get("vectors", ""))
    ):
        raise InputError("The store {store} cannot be read; index the folder again.", store=name)
    return About(**{key: values[key] for key in (*texts, *numbers)}, vectors=values.get("vectors", ""))


def _write(folder: Path, about: About) -> None:
    write_atomically(folder / ABOUT, json.dumps({"schema": SCHEMA, **asdict(about)}, indent=2).encode())
