"""Where photos, or photos and texts, come from: the samples, an upload, or this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from vtviz.files import from_home
from vtviz.image_files.formats import SUFFIXES
from vtviz.jobs.limits import UploadRoom
from vtviz.manifests.save import PhotoRow, save_photos, save_uploads, unpacked_size
from vtviz.paths import ASSETS
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.frame.language import say
from vtviz.ui.frame.person.who import is_local, own_folder
from vtviz.ui.frame.resources import samples, upload_room

SOURCES = ("demo", "upload", "path")
MANIFESTS = ["csv", "tsv", "txt", "json", "jsonl"]
PHOTOS = [*SUFFIXES, "zip"]
SAMPLES = ASSETS / "samples"


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


@dataclass(frozen=True)
class Written:
    """Uploaded photos, and the sentences that somebody wrote about each."""

    photos: list[UploadedFile]
    texts: list[tuple[str, ...]]


Rows = Demo | OnServer | Uploaded | Written


def ask_rows(page: str, placeholder: str, ask_written: Callable[[], Written | None] | None = None) -> Rows | None:
    """Where the rows come from, or None where that is not complete.

    Args:
        page: the first part of the sentences and keys.
        placeholder: a path as an example.
        ask_written: asks for photos and sentences, where the page takes some.
    """
    own = ("own",) if ask_written is not None else ()
    source = kept_choice(
        say(f"{page}.source"),
        (SOURCES[0], *own, *(SOURCES[1:] if is_local() else SOURCES[1:2])),
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
    if source == "own" and ask_written is not None:
        return ask_written()
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
    if isinstance(rows, Uploaded | Written):
        files = [*rows.photos, rows.manifest] if isinstance(rows, Uploaded) else rows.photos
        with upload_room().take(unpacked_size((file.name, file.getvalue()) for file in files)) as folder:
            yield folder
    else:
        with UploadRoom(own_folder()).take(0) as folder:
            yield folder


def save_upload(rows: Uploaded, folder: Path, read: Callable[[Path], Sequence[PhotoRow]] | None = None) -> Path:
    """The manifest of an upload, in a folder with its photos; ``read`` gives the rows of another kind of manifest.

    Raises:
        InputError: if it cannot be used, or photos are missing.
    """
    manifest = (rows.manifest.name, rows.manifest.getvalue())
    photos = ((photo.name, photo.getvalue()) for photo in rows.photos)
    return save_uploads(folder, manifest, photos, *([read] if read else []))


def ask_photos(page: str) -> Path | list[UploadedFile] | None:
    """A folder or zip file of photos, or uploaded files; None where that is not complete. ``page`` is the first part of
    the sentences and keys."""
    sources = ("upload", "path", "demo")
    source = kept_choice(
        say(f"{page}.source"),
        sources if is_local() else ("upload", "demo"),
        f"{page}-source",
        sources[0],
        st.segmented_control,
        format_func=lambda name: say(f"{page}.source.{name}"),
        required=True,
    )
    if source == "demo":
        st.caption(say(f"{page}.demo_about", count=len(samples())))
        return SAMPLES
    if source == "path":
        path = st.text_input(say(f"{page}.path"), placeholder="/data/photos", help=say(f"{page}.path_help"))
        return from_home(path.strip()) if path.strip() else None
    return st.file_uploader(say(f"{page}.upload"), type=PHOTOS, accept_multiple_files=True) or None


@contextmanager
def photos_of(given: Path | list[UploadedFile]) -> Iterator[Path]:
    """Where the photos lie for a job; uploads get a folder of their own, which is gone again where the job cannot
    start.

    Raises:
        InputError: if they cannot be used, or this person has too many.
    """
    if isinstance(given, Path):
        yield given
        return
    with upload_room().take(unpacked_size((file.name, file.getvalue()) for file in given)) as folder:
        yield save_photos(folder, ((file.name, file.getvalue()) for file in given))


def photos_name(given: Path | list[UploadedFile]) -> str:
    """What they are called."""
    if isinstance(given, Path):
        return say("rows.samples") if given == SAMPLES else given.name or str(given)
    first = PurePosixPath(given[0].name).stem
    return first if len(given) == 1 else say("rows.and_more", name=first, count=len(given) - 1)
