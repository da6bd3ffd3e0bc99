"""Stories as files: what is written is read again, and nothing else is."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from vtviz.inputs import InputError
from vtviz.interventions.changes import Drop, Hide, Without
from vtviz.paths import ASSETS
from vtviz.render.lens.settings import LensSettings
from vtviz.stories.files import (
    MAX_STORY,
    Told,
    example_stories,
    read_story,
    shipped_photos,
    story_json,
    story_zip,
    unpack_story,
)
from vtviz.stories.moment import Moment, Story

DOG = hashlib.sha256((ASSETS / "samples" / "dog.jpg").read_bytes()).hexdigest()


def png(colour: str = "red") -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(buffer, "PNG")
    return buffer.getvalue()


OWN = png()
SHA = hashlib.sha256(OWN).hexdigest()
STORY = Story(
    "A <title>",
    "zh",
    (
        Moment(DOG, "a dog", note="first\nsecond"),
        Moment(
            SHA,
            "a dog runs",
            "vtviz-base",
            "rollout",
            "answer:yes",
            LensSettings(words=(1, 2), head="mean", layer=0, kind="text→image"),
            (Hide(((0.0, 0.0, 0.5, 0.5),)), Drop(1), Without("fused", 0)),
        ),
    ),
)


def written(**changed: Any) -> bytes:
    values = json.loads(story_json(STORY))
    values["moments"] = values["moments"][:1]
    for name, value in changed.items():
        (values if name in values else values["moments"][0])[name] = value
    return json.dumps(values).encode()


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_zip_holds_the_story_and_the_photos_that_are_not_shipped(tmp_path: Path) -> None:
    told = Told(STORY, {SHA: OWN, DOG: shipped_photos()[DOG].read_bytes()})
    data = story_zip(told)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["story.json", f"photos/{SHA}.png"]
    assert unpack_story(data) == told
    (tmp_path / "story.zip").write_bytes(data)
    assert read_story(tmp_path / "story.zip") == told


def test_photos_lie_beside_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(story_json(STORY))
    with pytest.raises(InputError, match=f"lacks the photo {SHA[:12]}"):
        read_story(tmp_path / "mine.json")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / f"{SHA}.png").write_bytes(OWN)
    assert read_story(tmp_path / "mine.json").photos[SHA] == OWN
    (tmp_path / "photos" / f"{SHA}.png").write_bytes(png("blue"))
    with pytest.raises(InputError, match="was changed"):
        read_story(tmp_path / "mine.json")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "not a story"),
        (b"[]", "not a story"),
        (b"\xff\xfe", "not a story"),
        (b"[" * 100_000, "not a story"),
        (written(schema="vtviz.story/9"), "vtviz.story/9"),
        (written(moments=[]), "1 to 100 moments"),
        (written(language="tlh"), "not a story"),
        (written(title="a" * 2001), "longer than 2000"),
        (written(note=7), "not a story"),
        (written(photo="../../../etc/passwd"), "not named by its sha256"),
        (written(photo="0" * 64), "lacks the photo"),
        (written(changes=[{"change": "burn"}]), "not changes"),
        (written(note=" " * (MAX_STORY + 1)), "larger than 1 MB"),
    ],
)
def test_what_is_no_story_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        unpack_story(data)
    with pytest.raises(InputError, match=said):
        unpack_story(packed({"story.json": data}))


def test_settings_that_make_no_sense_are_left_out() -> None:
    (moment,) = unpack_story(
        written(settings={"words": "1.x", "layer": -4, "opacity": "900", "show": "nothing"})
    ).story.moments
    assert moment.settings == LensSettings(opacity=100)


def test_a_zip_cannot_say_where_to_read(tmp_path: Path) -> None:
    """Names that climb out of it are never looked at, and nothing is unpacked."""
    files = {"story.json": written(), "../evil.jpg": b"x", "/etc/evil": b"x", "photos/../../evil": b"x"}
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "story.zip").write_bytes(packed(files))
    assert len(read_story(tmp_path / "in" / "story.zip").photos) == 1
    assert sorted(tmp_path.rglob("*")) == [*before, tmp_path / "in", tmp_path / "in" / "story.zip"]


def test_a_photo_that_is_packed_too_well_is_refused() -> None:
    """15 MB at most are ever unpacked of a photo."""
    huge = packed({"story.json": written(photo=SHA), f"photos/{SHA}.png": b"\0" * (40 * 2**20)})
    assert len(huge) < 2**20
    with pytest.raises(InputError, match="larger than 15 MB"):
        unpack_story(huge)


def test_damaged_zips_and_missing_files_are_told_of(tmp_path: Path) -> None:
    whole = packed({"story.json": written(note="abc " * 400)})
    at = whole.index(b"story.json") + 30
    with pytest.raises(InputError, match="damaged"):
        unpack_story(whole[:at] + b"\0" * 40 + whole[at + 40 :])
    with pytest.raises(InputError, match=r"holds no story\.json"):
        unpack_story(packed({"other.json": b"{}"}))
    with pytest.raises(InputError, match="cannot be read"):
        read_story(tmp_path / "nothing.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_story(tmp_path)


def test_the_stories_that_ship_can_be_read_and_say_the_same_in_both_languages() -> None:
    english, chinese = ([read_story(path).story for path in example_stories(language)] for language in ("en", "zh"))
    assert len(english) == len(chinese) == 3
    for one, other in zip(english, chinese, strict=True):
        assert (one.language, other.language) == ("en", "zh") and one.title != other.title
        for first, second in zip(one.moments, other.moments, strict=True):
            assert first.note and second.note != first.note
            assert (first.photo, first.text, first.settings, first.changes, first.method) == (
                *(second.photo, second.text, second.settings, second.changes, second.method),
            )
