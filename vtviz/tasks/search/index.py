"""Indexing: what is new in a folder is encoded, what is gone is forgotten.

A photo's parts are on disk before its vector is in the store, and its id follows from its path. So an index that was
killed at any point is complete after the next run, with nothing lost and nothing twice.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vtviz.errors import UserError
from vtviz.inputs import ImageInput, InputError, read_image
from vtviz.tasks.search.entry import Entry
from vtviz.tasks.search.photo_files import PhotoFile, Photos, Unreadable, no_photos, photos_in
from vtviz.tasks.search.picture import look, taken_at, thumbnail
from vtviz.tasks.search.sides import EncodedPhotos, joined
from vtviz.tasks.search.store import About, NoStore, Store, make_store, open_store
from vtviz.watch import Watch

BATCH = 16  # photos that are encoded at a time
BATCH_PIXELS = 24_000_000  # of all of them together, unless one alone has more: they fill the memory, and the way
STAGE = "index"

Encode = Callable[[Sequence[ImageInput]], EncodedPhotos]
Ask = Callable[[tuple[ImageInput, ...]], Any]


@dataclass(frozen=True)
class SideBySide:
    """Photos encoded on several machines, which see the folder at the same path: how steps are done there, and the
    request that encodes photos, which can be sent."""

    many: Callable[[Sequence[Callable[..., Any]], Watch], Iterator[Any]]
    request: Ask


@dataclass(frozen=True)
class Indexed:
    """What an index did: how many photos it added (``moved`` of them were known under another path, or as the same
    content), how many it changed, removed and left as they were, and what it could not
    read: what it could not even look at stays in the store."""

    added: int
    changed: int
    removed: int
    moved: int
    unchanged: int
    unreadable: tuple[Unreadable, ...]
    seconds: float

    @property
    def total(self) -> int:
        """How many photos the store holds now."""
        return self.added + self.changed + self.unchanged


@dataclass(frozen=True, eq=False)
class _Photo:
    """A file that was read: its entry, and its picture and thumbnail where the store does not know its content. Where
    it was ``encoded`` elsewhere, the picture stayed there."""

    entry: Entry
    image: ImageInput | None = None
    thumbnail: bytes = b""
    encoded: EncodedPhotos | None = None

    @property
    def is_new(self) -> bool:
        return self.image is not None or self.encoded is not None


_Batch = tuple[list[_Photo], list[Unreadable]]


def index_folder(
    photos: Path,
    address: str,
    model: str,
    weights_sha256: str,
    encode: Encode,
    watch: Watch | None = None,
    elsewhere: SideBySide | None = None,
    vectors: str = "",
) -> Indexed:
    """Brings a store up to date with the photos in a folder or a zip file.

    Args:
        photos: the folder or zip file.
        address: the store, see ``open_store``; made where there is none.
        model: the name of the model that ``encode`` asks.
        weights_sha256: of its weights.
        encode: photos as a store keeps them, such as a request to an engine.
        watch: hears how many of the photos that are not known yet were read; may cancel.
        elsewhere: reads and encodes the photos in place of this process.
        vectors: the address of the collection where a new store in a folder keeps its vectors.

    Raises:
        InputError: if the folder cannot be read or has no photos, or the store holds something else.
        Cancelled: if the watch says so; what was indexed stays.
    """
    watch, began = watch or Watch(), time.perf_counter()
    place = photos.resolve()
    photos_in(place)
    store = _store(address, About(str(place), model, weights_sha256, 0, vectors=vectors), encode)
    source = store.photos
    bad = list[Unreadable]()
    files = list(source.files(bad))
    if not files:  # a drive that is not there looks like an empty folder, and must not empty the store
        if bad:
            raise InputError("No photo in {path} can be read. {reason}", path=photos, reason=bad[0].reason)
        raise no_photos(photos)
    known = {entry.path: entry for entry in store.vectors.entries()}
    fresh = [file for file in files if not _is_known(file, known.get(file.path), store)]
    hidden = {path for path in known if any(item.holds(path) and not item.is_gone for item in bad)}
    added, changed, moved = 0, 0, 0
    watch.enter(STAGE, len(fresh))
    watch.check()
    with ThreadPoolExecutor(1) as ahead:
        if elsewhere is None:
            batches = _batches(source, fresh, known, store)
        else:
            batches = _from_elsewhere(elsewhere, place, fresh, known, store, watch)
        upcoming = ahead.submit(next, batches, None)
        while (batch := upcoming.result()) is not None:
            upcoming = ahead.submit(next, batches, None)
            read, unreadable = batch
            _keep(store, read, known, encode)
            bad += unreadable
            old = sum(photo.entry.path in known for photo in read)
            added, changed = added + len(read) - old, changed + old
            moved += sum(not photo.is_new and photo.entry.path not in known for photo in read)
            pace = (watch.now.done + len(read) + len(unreadable)) / (time.perf_counter() - began)
            watch.advance(len(read) + len(unreadable), len(unreadable), note=f"{pace:.1f} photos/s")
    gone = (set(known) - {file.path for file in files} | {item.path for item in bad} & set(known)) - hidden
    _forget(store, gone, known)
    store.finished()
    unchanged = len(files) - len(fresh) + len(hidden)
    return Indexed(added, changed, len(gone), moved, unchanged, tuple(bad), time.perf_counter() - began)


def _store(address: str, about: About, encode: Encode) -> Store:
    """The store, whose vectors have the width that the model gives them where it is new."""
    try:
        width = open_store(address).about.width
    except NoStore:
        grey = ImageInput(np.full((64, 64, 3), 127, np.uint8), hashlib.sha256(b"").hexdigest())
        width = int(encode([grey]).vectors.shape[1])
    return make_store(address, replace(about, width=width))


def _is_known(file: PhotoFile, entry: Entry | None, store: Store) -> bool:
    same = entry is not None and (entry.size, entry.mtime_ns) == (file.size, file.mtime_ns)
    return same and entry is not None and store.kept.has(entry.sha256)


def _batches(source: Photos, files: Sequence[PhotoFile], known: dict[str, Entry], store: Store) -> Iterator[_Batch]:
    """The files, read, in batches of few enough pixels."""
    by_content = {entry.sha256: entry for entry in known.values()}
    read, unreadable, pixels = list[_Photo](), list[Unreadable](), 0
    for file in files:
        try:
            photo = _read(source, file, by_content, store)
        except UserError as error:
            unreadable.append(Unreadable(file.path, str(error)))
        else:
            more = 0 if photo.image is None else photo.entry.width * photo.entry.height
            if pixels and pixels + more > BATCH_PIXELS:
                yield read, unreadable
                read, unreadable, pixels = [], [], 0
            read.append(photo)
            pixels += more
        if len(read) + len(unreadable) >= BATCH:
            yield read, unreadable
            read, unreadable, pixels = [], [], 0
    if read or unreadable:
        yield read, unreadable


def _from_elsewhere(
    elsewhere: SideBySide,
    place: Path,
    files: Sequence[PhotoFile],
    known: dict[str, Entry],
    store: Store,
    watch: Watch,
) -> Iterator[_Batch]:
    """The same, read and encoded on other machines; of photos whose content the store knows, only the entry counts."""
    by_content = {entry.sha256 for entry in known.values()}
    batches = [tuple(files[first : first + BATCH]) for first in range(0, len(files), BATCH)]
    tasks = [partial(_read_there, place, batch, elsewhere.request) for batch in batches]
    for batch, found in zip(batches, elsewhere.many(tasks, watch), strict=True):
        if isinstance(found, UserError):  # the machine was lost
            yield [], [Unreadable(file.path, str(found)) for file in batch]
            continue
        read, unreadable = found
        yield (
            [
                _Photo(photo.entry)
                if photo.entry.sha256 in by_content and store.kept.has(photo.entry.sha256)
                else photo
                for photo in read
            ],
            unreadable,
        )


def _read_there(
    place: Path, files: Sequence[PhotoFile], request: Ask, door: Callable[..., Any], watch: Watch
) -> _Batch:
    """Files, read and encoded where this runs."""
    source, read, unreadable = photos_in(place), list[_Photo](), list[Unreadable]()
    for file in files:
        watch.check()
        try:
            photo = _read(source, file, {}, None)
            assert photo.image is not None
            encoded: EncodedPhotos = door(request((photo.image,)), watch)
        except UserError as error:
            unreadable.append(Unreadable(file.path, str(error)))
        else:
            read.append(replace(photo, image=None, encoded=encoded))
    return read, unreadable


def _read(source: Photos, file: PhotoFile, by_content: dict[str, Entry], store: Store | None) -> _Photo:
    data = source.read(file.path)
    sha256, taken = hashlib.sha256(data).hexdigest(), taken_at(data, file.mtime_ns)
    same = by_content.get(sha256)
    if same is not None and store is not None and store.kept.has(sha256):
        return _Photo(replace(same, path=file.path, size=file.size, mtime_ns=file.mtime_ns, taken=taken))
    image = read_image(data)
    size = image.width, image.height
    entry = Entry(file.path, file.size, file.mtime_ns, sha256, *size, taken, look(image))
    return _Photo(entry, image, thumbnail(image))


def _keep(store: Store, photos: Sequence[_Photo], known: dict[str, Entry], encode: Encode) -> None:
    """Writes the parts of new photos, then the vectors of all, then forgets the contents that changed."""
    new = [photo for photo in photos if photo.is_new]
    vectors = dict[str, np.ndarray]()
    images = [photo.image for photo in new if photo.image is not None]
    encoded = [photo.encoded for photo in new if photo.encoded is not None] + ([encode(images)] if images else [])
    if encoded:
        together = joined(encoded)  # a batch is encoded here or elsewhere, never both
        for index, photo in enumerate(new):
            parts = {name: part[index] for name, part in together.parts.items()}
            store.kept.write(photo.entry.sha256, parts, photo.thumbnail)
            vectors[photo.entry.sha256] = together.vectors[index]
    paths = {entry.sha256: entry.path for entry in known.values()}
    old = [photo.entry.sha256 for photo in photos if photo.entry.sha256 not in vectors]
    vectors |= {near.entry.sha256: near.vector for near in store.vectors.get([paths[sha256] for sha256 in old])}
    if photos:
        store.vectors.put([p.entry for p in photos], np.stack([vectors[p.entry.sha256] for p in photos]))
        store.wrote()


def _forget(store: Store, gone: set[str], known: dict[str, Entry]) -> None:
    """Forgets photos that are gone, and the parts of contents that no photo has any more."""
    store.vectors.remove(gone)
    if gone:
        store.wrote()
    before = {entry.sha256 for entry in known.values()}
    store.kept.remove(before - {entry.sha256 for entry in store.vectors.entries()})
