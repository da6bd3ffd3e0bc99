"""Indexes that are made in the background, one at a time, whoever looks on."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict
from pathlib import Path

from vtviz.engine.jobs.base import PhotoJobs
from vtviz.engine.requests.model import LoadModel
from vtviz.engine.requests.tasks.search import EncodePhotos
from vtviz.files import is_number, is_text, make_folder, parse_json, write_atomically
from vtviz.inputs import InputError
from vtviz.jobs.history import ELSEWHERE, Entry
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.tasks.search.index import Indexed, index_folder
from vtviz.tasks.search.photo_files import Unreadable
from vtviz.tasks.search.store import remove_vectors
from vtviz.watch import Watch

STORE, RESULT = "store", "indexed.json"
SERVER = "VTVIZ_QDRANT"  # the environment variable that names the Qdrant server of new indexes
COUNTS = ("added", "changed", "removed", "moved", "unchanged")


class IndexJobs(PhotoJobs):
    """Indexes folders of photos in a thread of its own and keeps their list; each has a store in its folder, whose
    vectors are in a collection on the server that ``VTVIZ_QDRANT`` names, if any."""

    kind = "indexes"

    def start(self, name: str, photos: Path, model: str = DEFAULT_MODEL) -> Entry:
        """Lists a new index and lets it wait for its turn.

        Raises:
            InputError: if ``photos`` is neither a folder nor a zip file, or holds no photos.
        """
        self.need_photos(photos)
        entry = self.history.add(name, photos.resolve(), json.dumps({"model": model}))
        self.submit(entry, "en")
        return entry

    def address(self, number: int) -> str:
        """The store of an index."""
        return str(self.history.folder_of(number) / STORE)

    def result(self, number: int) -> Indexed | None:
        """What the last complete run did; None where there was none, or its file is damaged."""
        try:
            values = parse_json((self.history.folder_of(number) / RESULT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(values, dict) or not all(is_number(values.get(name)) for name in (*COUNTS, "seconds")):
            return None
        rows = values.get("unreadable")
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and is_text(row.get("path")) and is_text(row.get("reason")) for row in rows
        ):
            return None
        unreadable = tuple(Unreadable(row["path"], row["reason"]) for row in rows)
        counts = {name: int(values[name]) for name in COUNTS}
        return Indexed(**counts, unreadable=unreadable, seconds=float(values["seconds"]))

    def remove(self, entry: Entry) -> None:
        """Deletes an index that is not on its way, with its vectors and thumbnails; the photos stay, unless they were
        uploaded."""
        if entry.id not in self._jobs:
            self.history.remove(entry)

    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Brings the store up to date with the photos."""
        model = model_of(entry)
        loaded = self._door(LoadModel(model), watch.quietly())
        done = index_folder(
            entry.manifest,
            self.address(entry.id),
            model,
            loaded.weights_sha256,
            lambda images: self._door(EncodePhotos(tuple(images), model), watch.quietly()),
            watch,
            vectors=_collection(),
        )
        folder = self.history.folder_of(entry.id)
        make_folder(folder)
        write_atomically(folder / RESULT, json.dumps(asdict(done), ensure_ascii=False).encode())


def model_of(entry: Entry) -> str:
    """The model of an index."""
    name: str = json.loads(entry.settings)["model"]
    return name


def _collection() -> str:
    """The address of a new collection; "" where vectors lie beside the rest of a store."""
    server = os.environ.get(SERVER, "").strip().rstrip("/")
    if server and not server.startswith(("http://", "https://")):
        raise InputError("{variable} is not http://HOST:PORT, but {value}.", variable=SERVER, value=server)
    return f"{server}/vtviz-{uuid.uuid4().hex}" if server else ""


ELSEWHERE[IndexJobs.kind] = lambda folder: remove_vectors(str(folder / STORE))
