"""The photos of a session: packaged ones by name, uploaded ones by the SHA-256 of their file."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

import streamlit as st
from PIL import ImageOps

from vtviz.inputs import ImageInput, InputError, read_image
from vtviz.render.overlay import to_jpeg
from vtviz.ui.frame.language import say
from vtviz.ui.frame.person.visitor import kept_for_visitor
from vtviz.ui.frame.resources import samples

KEPT_BYTES = 32 * 2**20
DECODED_BYTES = 128 * 2**20
THUMBNAIL = (72, 52)  # pixels


@dataclass(frozen=True)
class Upload:
    """An uploaded file."""

    name: str
    data: bytes


class Uploads:
    """The last files that one person uploaded, at most ``limit`` bytes of them; nobody else sees them."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self.limit, self.files = limit, OrderedDict[str, Upload]()

    def keep(self, name: str, data: bytes) -> str:
        """Keeps a file, lets the oldest ones go where there is no room, and returns its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.files[sha256] = Upload(name, data)
        self.files.move_to_end(sha256)
        while sum(len(upload.data) for upload in self.files.values()) > self.limit and len(self.files) > 1:
            self.files.popitem(last=False)
        return sha256


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
    return kept_for_visitor("uploads", Uploads)


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
