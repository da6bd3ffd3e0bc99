"""A person's stories on disk."""

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vtviz.inputs import InputError
from vtviz.interventions.changes import Drop
from vtviz.render.lens.settings import LensSettings
from vtviz.stories.files import shipped_photos
from vtviz.stories.moment import Moment
from vtviz.stories.shelf import Shelf, begun, with_moment, with_moments

SHIPPED, SHIPPED_FILE = next(iter(shipped_photos().items()))


@pytest.fixture
def own_photo(tmp_path: Path) -> tuple[str, bytes]:
    file = tmp_path / "own.png"
    Image.fromarray(np.full((20, 30, 3), 90, np.uint8)).save(file)
    data = file.read_bytes()
    return hashlib.sha256(data).hexdigest(), data


def test_a_story_is_put_away_found_again_and_deleted(tmp_path: Path, own_photo: tuple[str, bytes]) -> None:
    shelf, (sha256, data) = Shelf(tmp_path), own_photo
    assert shelf.all() == []
    first = Moment(sha256, "a wall", settings=LensSettings(words=(1,)), changes=(Drop(0),), note="Grey.")
    name = shelf.add(begun("Walls", "zh", first, data))
    told = shelf.read(name)
    assert told.story.moments == (first,) and told.story.language == "zh" and told.photos[sha256] == data
    second = Moment(SHIPPED, "a cat")
    shelf.write(name, with_moment(told, second, SHIPPED_FILE.read_bytes()))
    (kept,) = shelf.all()
    assert (kept.id, kept.title, kept.moments) == (name, "Walls", 2)
    photos = [file.stem for file in (tmp_path / "stories" / name / "photos").iterdir()]
    assert photos == [sha256]  # those that vtviz ships stay where they are
    shelf.write(name, with_moments(shelf.read(name), (second,)))
    assert not list((tmp_path / "stories" / name / "photos").iterdir())
    shelf.remove(name)
    assert shelf.all() == [] and not list((tmp_path / "stories").iterdir())


def test_the_last_changed_comes_first_and_a_damaged_one_is_left_out(tmp_path: Path) -> None:
    shelf, data = Shelf(tmp_path), SHIPPED_FILE.read_bytes()
    names = [shelf.add(begun(title, "en", Moment(SHIPPED, "a cat"), data)) for title in ("one", "two", "three")]
    for age, name in enumerate(names):
        os.utime(tmp_path / "stories" / name / "story.json", (time.time() - 10 * age,) * 2)
    (tmp_path / "stories" / names[1] / "story.json").write_text("{}")
    os.utime(tmp_path / "stories" / names[1] / "story.json", (0, 0))
    assert [story.title for story in shelf.all()] == ["one", "three"]
    shelf.expire(1)
    assert {path.name for path in (tmp_path / "stories").iterdir()} == {names[0], names[2]}


def test_names_lead_nowhere_else_and_a_story_has_moments(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for name in ("..", "../../etc", "", "0123456789ab/..", "0123456789aB"):
        with pytest.raises(InputError, match="no such story"):
            shelf.read(name)
        with pytest.raises(InputError, match="no such story"):
            shelf.remove(name)
    told = begun("x", "en", Moment(SHIPPED, "a cat"), SHIPPED_FILE.read_bytes())
    with pytest.raises(InputError, match="needs 1 to"):
        shelf.add(replace(told, story=replace(told.story, moments=())))
    assert shelf.all() == []
