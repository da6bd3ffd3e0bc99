"""A taste: what somebody likes and dislikes, as a JSON file that can be taken to another store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtviz.files import is_text, parse_json, write_atomically
from vtviz.inputs import InputError
from vtviz.tasks.search.store import Store

SCHEMA = "vtviz.taste/1"
LARGEST = 2**20  # bytes


@dataclass(frozen=True)
class Judged:
    """A photo that was judged: its path in the store, and the sha256 of its bytes, by which it is known elsewhere."""

    photo: str
    sha256: str


@dataclass(frozen=True)
class Taste:
    """What somebody likes and dislikes."""

    likes: tuple[Judged, ...] = ()
    dislikes: tuple[Judged, ...] = ()


def taste_of(store: Store, likes: Sequence[str], dislikes: Sequence[str]) -> Taste:
    """The taste for photos of a store. Raises InputError where one is not in it."""
    sides = (
        tuple(Judged(near.entry.path, near.entry.sha256) for near in store.get(list(dict.fromkeys(paths))))
        for paths in (likes, dislikes)
    )
    return Taste(*sides)


def resolved(taste: Taste, store: Store) -> tuple[list[str], list[str], list[str]]:
    """The paths of liked and of disliked photos in a store, wherever they lie there now, and of those that it lacks."""
    paths = {entry.sha256: entry.path for entry in store.vectors.entries()}
    likes, dislikes = (
        [paths[item.sha256] for item in side if item.sha256 in paths] for side in (taste.likes, taste.dislikes)
    )
    missing = [item.photo for item in (*taste.likes, *taste.dislikes) if item.sha256 not in paths]
    return likes, dislikes, missing


def taste_file(taste: Taste) -> bytes:
    """The file of a taste, which ``read_taste`` reads."""
    sides = {
        name: [vars(item) for item in side] for name, side in (("likes", taste.likes), ("dislikes", taste.dislikes))
    }
    return (json.dumps({"schema": SCHEMA, **sides}, indent=2, ensure_ascii=False) + "\n").encode()


def write_taste(taste: Taste, path: Path) -> None:
    """Writes a taste to a file."""
    write_atomically(path, taste_file(taste))


def read_taste(data: bytes) -> Taste:
    """The taste in the bytes of a file. Raises InputError where they hold none."""
    try:
        if len(data) > LARGEST:
            raise ValueError("too large")
        values = parse_json(data.decode("utf-8-sig"))
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            raise ValueError("another schema")
        return Taste(_side(values.get("likes")), _side(values.get("dislikes")))
    except ValueError as error:
        raise InputError("This is not a taste profile; choose a file that vtviz saved.") from error


def _side(values: Any) -> tuple[Judged, ...]:
    if not isinstance(values, list):
        raise ValueError("not a list")
    good = all(isinstance(item, dict) and is_text(item.get("photo")) and is_text(item.get("sha256")) for item in values)
    if not good:
        raise ValueError("not photos")
    return tuple(dict.fromkeys(Judged(item["photo"], item["sha256"]) for item in values))
