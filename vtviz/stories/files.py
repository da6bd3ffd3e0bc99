"""Stories as files: ``story.json``, with its photos beside it in ``photos/``, or both in a zip.

Photos are named after the sha256 of their bytes; those that vtviz ships need not be there. Nothing in a file says where
to read or write: names are made from the hashes, and whatever else a zip holds is left alone.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import orjson

from vtviz.chinese import Language
from vtviz.files import TooLarge, is_text, read_bytes, reason
from vtviz.inputs import MAX_BYTES, MAX_CHARACTERS, InputError
from vtviz.interventions.changes import as_plain, from_plain
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.paths import ASSETS
from vtviz.render.lens.settings import LensSettings
from vtviz.stories.moment import Moment, Story

SCHEMA = "vtviz.story/1"
NAME, PHOTOS = "story.json", "photos"
SUFFIXES = (".jpg", ".png", ".webp")
MAX_STORY = 2**20  # bytes of story.json
MAX_ZIP = 200 * 2**20
MAX_MOMENTS = 100
SHA256 = re.compile("[0-9a-f]{64}")

Photos = Mapping[str, bytes]  # files by their sha256
Read = Callable[[str, int], bytes | None]  # the first bytes of a file by its name, or None where there is none


class _Moment(msgspec.Struct):
    photo: str
    text: str
    model: str = DEFAULT_MODEL
    method: str | None = None
    target: str = "match"
    settings: dict[str, Any] = {}
    changes: Any = ()
    note: str = ""


class _Story(msgspec.Struct):
    schema: str
    title: str
    language: Language
    moments: list[_Moment]


@dataclass(frozen=True)
class Told:
    """A story and its photos."""

    story: Story
    photos: Photos


def read_story(path: Path) -> Told:
    """The story in a ``.json`` file, its photos beside it, or in a zip.

    Raises:
        InputError: if it cannot be read, is too large, is no story, or lacks a photo.
    """
    try:
        data = read_bytes(path, MAX_ZIP)
        if zipfile.is_zipfile(io.BytesIO(data)):
            return unpack_story(data, path.name)
        return _read(path.name, path.name, _from_folder(path.parent))
    except TooLarge as error:
        raise _too_large(path.name, MAX_ZIP) from error
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "The story {name} cannot be read: {reason}.", name=str(path), reason=reason(error, path)
        ) from error


def unpack_story(data: bytes, name: str = NAME) -> Told:
    """The story in the bytes of a zip or of a ``story.json`` whose photos are all shipped.

    Raises:
        InputError: if they are too large, are no story, or lack a photo.
    """
    if len(data) > MAX_ZIP:
        raise _too_large(name, MAX_ZIP)
    if zipfile.is_zipfile(io.BytesIO(data)):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return _read(name, NAME, _from_zip(archive))
        except InputError:
            raise
        except Exception as error:  # what reads zips raises many kinds
            raise _damaged(name) from error
    return _read(name, NAME, lambda wanted, most: data[:most] if wanted == NAME else None)


def story_json(story: Story) -> bytes:
    """``story.json``."""
    moments = [
        {
            "photo": moment.photo,
            "text": moment.text,
            "model": moment.model,
            "method": moment.method,
            "target": moment.target,
            "settings": moment.settings.to_dict(),
            "changes": as_plain(moment.changes),
            "note": moment.note,
        }
        for moment in story.moments
    ]
    written = {"schema": SCHEMA, "title": story.title, "language": story.language, "moments": moments}
    return orjson.dumps(written, option=orjson.OPT_INDENT_2) + b"\n"


def story_zip(told: Told) -> bytes:
    """A zip with ``story.json`` and the photos that vtviz does not ship."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, story_json(told.story))
        for sha256 in dict.fromkeys(moment.photo for moment in told.story.moments):
            if sha256 not in shipped_photos():
                data = told.photos[sha256]
                archive.writestr(f"{PHOTOS}/{sha256}{photo_suffix(data)}", data, zipfile.ZIP_STORED)
    return buffer.getvalue()


@cache
def shipped_photos() -> dict[str, Path]:
    """The files of the packaged photos by their sha256."""
    files = sorted((ASSETS / "samples").glob("*.jpg"))
    return {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in files}


def example_stories(language: str) -> list[Path]:
    """The stories that vtviz ships, in a language."""
    return sorted((ASSETS / "story" / "examples").glob(f"*.{language}.json"))


def _read(name: str, story_name: str, read: Read) -> Told:
    try:
        data = read(story_name, MAX_STORY + 1)
        if data is None:
            raise InputError("The file {name} holds no story.json; choose a story that vtviz wrote.", name=name)
        if len(data) > MAX_STORY:
            raise _too_large(name, MAX_STORY)
        story = _story(name, data)
        photos = {sha256: _photo(sha256, read) for sha256 in {moment.photo for moment in story.moments}}
    except (OSError, InputError):
        raise
    except Exception as error:  # damaged or encrypted, which each way of packing says in its own
        raise _damaged(name) from error
    return Told(story, photos)


def _story(name: str, data: bytes) -> Story:
    try:
        written = msgspec.json.decode(data, type=_Story)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("The file {name} is not a story: {reason}.", name=name, reason=error) from error
    texts = [written.title, *(text for m in written.moments for text in (m.text, m.note, m.model, m.target))]
    if written.schema != SCHEMA:
        raise InputError(
            "The story {name} has the schema {schema}, and this vtviz reads {known}; use a version of vtviz that reads "
            "it.",
            name=name,
            schema=written.schema,
            known=SCHEMA,
        )
    if not 0 < len(written.moments) <= MAX_MOMENTS:
        raise InputError(
            "A story needs 1 to {most} moments; this one has {count}.", most=MAX_MOMENTS, count=len(written.moments)
        )
    if not all(is_text(text) and len(text) <= MAX_CHARACTERS for text in texts):
        raise InputError(
            "A text of the story {name} is longer than {limit} characters; shorten it.", name=name, limit=MAX_CHARACTERS
        )
    if not all(SHA256.fullmatch(moment.photo) for moment in written.moments):
        raise InputError("A photo of the story {name} is not named by its sha256; export the story again.", name=name)
    return Story(written.title, written.language, tuple(_moment(moment) for moment in written.moments))


def _moment(written: _Moment) -> Moment:
    settings, changes = LensSettings.from_dict(written.settings), from_plain(written.changes)
    return Moment(
        written.photo, written.text, written.model, written.method, written.target, settings, changes, written.note
    )


def _photo(sha256: str, read: Read) -> bytes:
    names = (f"{PHOTOS}/{sha256}{suffix}" for suffix in SUFFIXES)
    data = next((found for found in (read(name, MAX_BYTES + 1) for name in names) if found is not None), None)
    if data is None and sha256 in shipped_photos():
        data = shipped_photos()[sha256].read_bytes()
    if data is None:
        raise InputError("The story lacks the photo {sha256}; put it into the folder photos.", sha256=sha256[:12])
    if len(data) > MAX_BYTES:
        raise InputError("The image file is larger than {limit} MB; choose a smaller one.", limit=MAX_BYTES // 2**20)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise InputError("The photo {sha256} of the story was changed; export the story again.", sha256=sha256[:12])
    return data


def _from_zip(archive: zipfile.ZipFile) -> Read:
    def read(name: str, most: int) -> bytes | None:
        try:
            with archive.open(name) as file:
                return file.read(most)  # what is longer is refused, however well it was packed
        except KeyError:
            return None

    return read


def _from_folder(folder: Path) -> Read:
    def read(name: str, most: int) -> bytes | None:
        path = folder / name
        if name.startswith(f"{PHOTOS}/") and not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(most)

    return read


def photo_suffix(data: bytes) -> str:
    """One of SUFFIXES, by what the file of a photo begins with."""
    return ".png" if data.startswith(b"\x89PNG") else ".webp" if data[8:12] == b"WEBP" else ".jpg"


def _too_large(name: str, limit: int) -> InputError:
    return InputError("The story {name} is larger than {limit} MB; use fewer photos.", name=name, limit=limit // 2**20)


def _damaged(name: str) -> InputError:
    return InputError("The story {name} is damaged or incomplete; save or download it again.", name=name)
