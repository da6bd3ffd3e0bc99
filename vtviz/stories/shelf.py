"""The stories of one person: a folder each, with ``story.json`` and the photos that vtviz does not ship."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

from vtviz.files import make_folder, write_atomically
from vtviz.inputs import InputError
from vtviz.stories.files import MAX_MOMENTS, NAME, PHOTOS, Told, photo_suffix, read_story, shipped_photos, story_json
from vtviz.stories.moment import Moment, Story

STORIES = "stories"  # in a person's folder
ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Kept:
    """A story on the shelf: its name there, its title, and how many moments it has."""

    id: str
    title: str
    moments: int


class Shelf:
    """Stories in a folder; one that is damaged is left out of the list."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / STORIES

    def all(self) -> list[Kept]:
        """The stories, the one that was changed last first."""
        files = [file for file in self.folder.glob(f"*/{NAME}") if ID.fullmatch(file.parent.name)]
        found = []
        for file in sorted(files, key=lambda file: file.stat().st_mtime, reverse=True):
            try:
                story = read_story(file).story
            except InputError:
                continue
            found.append(Kept(file.parent.name, story.title, len(story.moments)))
        return found

    def read(self, name: str) -> Told:
        """A story and its photos.

        Raises:
            InputError: if there is none of this name, or it is damaged.
        """
        return read_story(self._folder(name) / NAME)

    def add(self, told: Told) -> str:
        """Puts a story on the shelf and returns its name there."""
        name = secrets.token_hex(6)
        self.write(name, told)
        return name

    def write(self, name: str, told: Told) -> None:
        """Puts a story in the place of another; photos that it no longer shows are deleted.

        Raises:
            InputError: if it has no moments or too many, or the folder cannot be made.
            OSError: if a file cannot be written.
        """
        count = len(told.story.moments)
        if not 0 < count <= MAX_MOMENTS:
            raise InputError("A story needs 1 to {most} moments; this one has {count}.", most=MAX_MOMENTS, count=count)
        photos = self._folder(name) / PHOTOS
        make_folder(photos)
        wanted = {moment.photo for moment in told.story.moments} - shipped_photos().keys()
        for sha256 in wanted:
            file = photos / f"{sha256}{photo_suffix(told.photos[sha256])}"
            if not file.is_file():
                write_atomically(file, told.photos[sha256])
        write_atomically(photos.parent / NAME, story_json(told.story))
        for file in photos.iterdir():
            if file.stem not in wanted:
                file.unlink()

    def remove(self, name: str) -> None:
        """Deletes a story."""
        shutil.rmtree(self._folder(name), ignore_errors=True)

    def expire(self, days: float) -> None:
        """Deletes the stories that were not changed for so long."""
        for file in self.folder.glob(f"*/{NAME}"):
            if file.stat().st_mtime < time.time() - days * 86_400:
                self.remove(file.parent.name)

    def _folder(self, name: str) -> Path:
        if not ID.fullmatch(name):
            raise InputError("There is no such story on this server any more.")
        return self.folder / name


def with_moment(told: Told, moment: Moment, photo: bytes) -> Told:
    """The story with one more moment at its end."""
    story = replace(told.story, moments=(*told.story.moments, moment))
    return Told(story, {**told.photos, moment.photo: photo})


def with_moments(told: Told, moments: tuple[Moment, ...]) -> Told:
    """The story with other moments, which show its photos."""
    return replace(told, story=replace(told.story, moments=moments))


def begun(title: str, language: str, moment: Moment, photo: bytes) -> Told:
    """A story of one moment."""
    return Told(Story(title, "zh" if language == "zh" else "en", (moment,)), {moment.photo: photo})
