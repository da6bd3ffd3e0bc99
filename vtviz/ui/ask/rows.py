"""Where the photos and texts of an audit or an evaluation come from: the samples, an upload, or this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from vtviz.image_files.formats import SUFFIXES
from vtviz.jobs.limits import UploadRoom
from vtviz.manifests.save import save_uploads
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.frame.language import say
from vtviz.ui.frame.person.who import is_local, own_folder
from vtviz.ui.frame.resources import samples, upload_room

SOURCES = ("demo", "upload", "path")
MANIFESTS = ["csv", "tsv", "txt", "json", "jsonl"]
PHOTOS = [*SUFFIXES, "zip"]


@dataclass(frozen=True)
class Demo:
    """The packaged photos with their texts."""


@dataclass(frozen=True)
class OnServer:
    """A file on this machine."""

    path: str


@dataclass(frozen=True)
class Uploaded:
    """A manifest and its photos, uploaded."""

    manifest: UploadedFile
    photos: list[UploadedFile]


Rows = Demo | OnServer | Uploaded


def ask_rows(page: str, placeholder: str) -> Rows | None:
    """Where the rows come from, or None where that is not complete.

    Args:
        page: the first part of the sentences and keys.
        placeholder: a path as an example.
    """
    source = kept_choice(
        say(f"{page}.source"),
        SOURCES if is_local() else SOURCES[:2],
        f"{page}-source",
        SOURCES[0],
        st.segmented_control,
        format_func=lambda name: say(f"{page}.source.{name}"),
        required=True,
    )
    about = say(f"{page}.manifest_help")
    if source == "demo":
        st.caption(say(f"{page}.demo_about", count=len(samples())))
        return Demo()
    if source == "path":
        path = st.text_input(say(f"{page}.path"), placeholder=placeholder, help=about)
        return OnServer(path.strip()) if path.strip() else None
    left, right = st.columns(2)
    manifest = left.file_uploader(say(f"{page}.manifest"), type=MANIFESTS, help=about)
    photos = right.file_uploader(say(f"{page}.photos"), type=PHOTOS, accept_multiple_files=True)
    return Uploaded(manifest, photos) if manifest is not None and photos else None


@contextmanager
def place_for(rows: Rows) -> Iterator[Path]:
    """A folder for what a job reads, which is gone again where the job cannot start.

    Raises:
        InputError: if this person uploaded too often of late, or has too many files.
    """
    if isinstance(rows, Uploaded):
        with upload_room().take(rows.manifest.size + sum(photo.size for photo in rows.photos)) as folder:
            yield folder
    else:
        with UploadRoom(own_folder()).take(0) as folder:
            yield folder


def save_upload(rows: Uploaded, folder: Path) -> Path:
    """The manifest of an upload, in a folder with its photos.

    Raises:
        InputError: if it cannot be used, or photos are missing.
    """
    manifest = (rows.manifest.name, rows.manifest.getvalue())
    return save_uploads(folder, manifest, ((photo.name, photo.getvalue()) for photo in rows.photos))
