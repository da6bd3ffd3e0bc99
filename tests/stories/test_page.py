"""A story as one HTML page, without a browser."""

import base64
import json
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.stories.test_files import DOG
from vtviz.cli import main
from vtviz.engine import local
from vtviz.engine.lens import scene
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.stories import TellMoment
from vtviz.inputs import ImageInput
from vtviz.interventions.changes import Cut, Drop, Hide, Move, Only, Push, Without
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.render.lens.settings import LensSettings
from vtviz.sentences import catalogue
from vtviz.stories.files import story_json
from vtviz.stories.moment import Moment, Story
from vtviz.stories.page import story_page
from vtviz.stories.said import changes_said

EVERY = (
    *(Hide(patches=(0,)), Only(patches=(0, 1, 2)), Move(patches=(1,), rows=1), Move(patches=(1,), rows=1, copy=False)),
    *(Without("fused"), Without("text→image", 0), Without("text→image", 1, 0)),
    *(Cut(patches=(2,), place=1), Push(patches=(2,), place=2, strength=0.5), Drop(0)),
)


def lens_of(page: str, number: int) -> dict:
    data = base64.b64decode(re.findall(r'class="lens-data">([^<]*)<', page)[number])
    (length,) = struct.unpack("<I", data[:4])
    header: dict = json.loads(data[4 : 4 + length])
    return header


def test_a_page_holds_every_lens_and_asks_for_nothing(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    moments = (
        Moment(photo.sha256, "a dog runs", "tiny", settings=LensSettings(words=(1,)), note="<script>alert(1)</script>"),
        Moment(photo.sha256, "a dog runs", "tiny", "attention_gradcam", changes=EVERY),
    )
    scenes = [scene(tiny_engine.ask(TellMoment(moment, photo)), moment, "en") for moment in moments]
    page = story_page(Story("A </title>& story", "en", moments), scenes).decode()
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page and "<title>A &lt;/title&gt;" in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page) and "default-src 'none'" in page
    first, second = (lens_of(page, number) for number in (0, 1))
    assert first["settings"]["words"] == [1] and first["text"] == "a dog runs" and second["text"] == "dog runs"
    assert {layer["kind"] for layer in first["layers"]} == {"text→image", "image→text"}
    assert all(layer["here"] for layer in (*first["layers"], *second["layers"]))
    assert scenes[0].changes == () and len(scenes[1].changes) == len(EVERY) + 1
    assert scenes[1].changes[-1].startswith("Before the change: Match")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_change_is_said(tiny: VtvizBase, language: str) -> None:
    sentences = changes_said(EVERY, tiny.tokenize("a dog runs"), language)
    assert len(set(sentences)) == len(EVERY) and not any("{" in sentence for sentence in sentences)
    assert "dog" in sentences[7] and "runs" in sentences[8] and "50%" in sentences[8]
    known = {key for key in catalogue(language) if key.startswith("story.change_")}
    assert len(known) == len(EVERY)


def test_a_moment_without_changes_is_asked_once(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    found = tiny_engine.ask(TellMoment(Moment(photo.sha256, "a dog", "tiny"), photo))
    assert found.before.fingerprint == found.after.fingerprint and found.values[0] == found.values[1]
    np.testing.assert_array_equal(found.before.relevance.image, found.after.relevance.image)


def test_the_command_writes_the_page_in_the_storys_language(
    tiny: VtvizBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    (tmp_path / "story.json").write_bytes(story_json(Story("故事", "zh", (Moment(DOG, "a dog", "tiny", note="看"),))))
    for file, code in (("story.json", 0), ("nothing.json", 2)):
        arguments = ["vtviz", "story", str(tmp_path / file), "--device", "cpu", "--output", str(tmp_path / "out.html")]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as ended:
            main()
        assert int(ended.value.code or 0) == code
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert '<html lang="zh-Hans">' in page and catalogue("zh")["story.overview"] in page and "看" in page
