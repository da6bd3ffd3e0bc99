"""The photos of a session: packaged ones by name, uploaded ones by the SHA-256 of their file."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass

import streamlit as st
from PIL import ImageOps

from vtviz.inputs import ImageInput, InputError, read_image
from vtviz.render.overlay import to_jpeg
from vtviz.ui.frame.language import say
from vtviz.ui.frame.person.visitor import kept_for_visitor
from vtviz.ui.frame.resources import samples

KEPT_BYTES, EVERYBODYS_BYTES = 32 * 2**20, 256 * 2**20
DECODED_BYTES = 128 * 2**20
THUMBNAIL = (72, 52)  # pixels


@dataclass(frozen=True)
class Upload:
    """An uploaded file."""

    name: str
    data: bytes


class Uploads:
    """The last files that one person uploaded, at most ``limit`` bytes of them; nobody else sees them.

    ``room`` bounds those of everybody: where it is full, whoever uploaded longest ago loses theirs.
    """

    def __init__(self, limit: int = KEPT_BYTES, room: UploadMemory | None = None) -> None:
        self.limit, self.files, self.room = limit, OrderedDict[str, Upload](), room

    def keep(self, name: str, data: bytes) -> str:
        """Keeps a file, lets the oldest ones go where there is no room, and returns its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.files[sha256] = Upload(name, data)
        self.files.move_to_end(sha256)
        while sum(len(upload.data) for upload in self.files.values()) > self.limit and len(self.files) > 1:
            self.files.popitem(last=False)
        if self.room is not None:
            self.room.keep(self)
        return sha256

    @property
    def bytes(self) -> int:
        return sum(len(upload.data) for upload in list(self.files.values()))


class UploadMemory:
    """The uploads of everybody on this server, at most ``limit`` bytes of them beside those of the last person."""

    def __init__(self, limit: int = EVERYBODYS_BYTES) -> None:
        self.limit, self._lock = limit, threading.Lock()
        self._last = list[weakref.ref[Uploads]]()  # the person who uploaded last at the end

    def keep(self, latest: Uploads) -> None:
        """Notes that a person has uploaded, and makes room."""
        with self._lock:
            known = [kept for kept in (reference() for reference in self._last) if kept is not None]
            known = [*(kept for kept in known if kept is not latest), latest]
            self._last = [weakref.ref(kept) for kept in known]
            for kept in known[:-1]:
                if sum(other.bytes for other in known) <= self.limit:
                    break
                kept.files.clear()


class DecodedPhotos:
    """The photos of this moment, decoded, at most ``limit`` bytes of them; one is decoded at a time, because that may
    take hundreds of megabytes."""

    def __init__(self, limit: int = DECODED_BYTES) -> None:
        self.limit, self.photos, self._lock = limit, OrderedDict[str, ImageInput](), threading.Lock()

    def get(self, sha256: str, data: bytes) -> ImageInput:
        """The photo in a file with this SHA-256. Raises InputError where it cannot be used."""
        with self._lock:
            image = self.photos.get(sha256) or read_image(data)
            self.photos[sha256] = image
            self.photos.move_to_end(sha256)
            while sum(photo.pixels.nbytes for photo in self.photos.values()) > self.limit and len(self.photos) > 1:
                self.photos.popitem(last=False)
            return image


@st.cache_resource(show_spinner=False)
def decoded_photos() -> DecodedPhotos:
    """Those of everybody on this server."""
    return DecodedPhotos()


def uploads() -> Uploads:
    """The uploads of this person, which survive a reload."""
    return kept_for_visitor("uploads", lambda: Uploads(room=_upload_memory()))


@st.cache_resource(show_spinner=False)
def _upload_memory() -> UploadMemory:
    return UploadMemory()


def photo_of(photo: str) -> ImageInput | None:
    """The photo of a selection, or None where it is an upload that is not here.

    Raises:
        InputError: if the uploaded file cannot be used.
    """
    if photo in samples():
        data = samples()[photo].read()
        return decoded_photos().get(hashlib.sha256(data).hexdigest(), data)
    upload = uploads().files.get(photo)
    return decoded_photos().get(photo, upload.data) if upload else None


def file_of(photo: str) -> bytes | None:
    """The file of a photo of a selection, or None where it is an upload that is not here."""
    if photo in samples():
        return samples()[photo].read()
    upload = uploads().files.get(photo)
    return None if upload is None else upload.data


def photo_name(photo: str) -> str:
    """What a photo is called: a sample's name in the chosen language, an upload's file name, else its hash."""
    if photo in samples():
        return say(f"sample.{photo}")
    upload = uploads().files.get(photo)
    return upload.name if upload else photo[:12]


def thumbnail(photo: str) -> bytes | None:
    """A small picture of a photo, cut to size, as JPEG; None where there is none to show."""
    try:
        image = photo_of(photo)
    except InputError:
        return None
    return None if image is None else _thumbnail(image.sha256, image)


@st.cache_resource(max_entries=64, show_spinner=False)
def _thumbnail(sha256: str, _image: ImageInput) -> bytes:
    width, height = THUMBNAIL
    return to_jpeg(ImageOps.fit(_image.to_pil(), (2 * width, 2 * height)))  # twice the pixels, for sharp screens
