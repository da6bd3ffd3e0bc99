"""Texts about photos and composed scenes of named things."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from vtviz.training.vtviz_base.data import named as module
from vtviz.training.vtviz_base.data.named import NamedThings, naming
from vtviz.training.vtviz_base.data.names import EVERY, LEAST, held_out
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.texts.everyday_names import everyday_names

LEFT = coverage([(0.0, 0.0, 0.5, 1.0)], 4)
CHINESE = {"斑马": "zebra", "狐狸": "fox", "蘑菇": "mushroom"}


@pytest.fixture
def things(tmp_path: Path) -> NamedThings:
    rows = [
        {"class": 340, "names": ["zebra"]},
        {"class": 278, "names": ["red fox"]},
        {"class": 996, "names": ["fungus"]},
    ]
    (tmp_path / "classes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    note = {"classes": [0, 1], "boxes": [[0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0]], "background": 1}
    for kind in ("mosaic", "paste"):
        (tmp_path / f"{kind}.jsonl").write_text(json.dumps(note) + "\n")
        np.save(tmp_path / f"{kind}.regions.npy", np.stack([coverage([tuple(box)], 4) for box in note["boxes"]]))
    np.save(tmp_path / "names-0.npy", np.zeros((3, 16, 2), np.float16))
    np.save(tmp_path / "names-0.activation.npy", np.eye(3, 16, dtype=np.float32))
    return NamedThings(tmp_path, tmp_path, [["A boy ."], ["A man runs ."]], in_chinese=True)


def thing_in(text: str) -> str:
    text = "".join(f" {CHINESE.get(word, word)} " for word in [text])
    for word, english in CHINESE.items():
        text = text.replace(word, english)
    return next(name for name in ("zebra", "fox", "mushroom", "fungus") if name in text)


def test_every_named_thing_stands_in_the_text_with_its_own_region(things: NamedThings) -> None:
    rng, counts, languages = random.Random(0), set(), set()
    for _ in range(300):
        part, row, text = things.draw(rng)
        counts.add(len(text.phrases))
        languages.add(any(word in text.text for word in CHINESE))
        for phrase in text.phrases:
            name = thing_in(text.text[phrase.start : phrase.end])
            if part == "names-0":
                assert phrase.region.argmax() == row == {"zebra": 0, "fox": 1}.get(name, 2)
            else:
                np.testing.assert_array_equal(phrase.region, LEFT if name == "zebra" else 1.0 - LEFT)
    assert counts == {1, 2} and languages == {True, False}


def test_a_foil_is_the_same_sentence_with_the_name_of_what_is_not_shown(things: NamedThings) -> None:
    rng = random.Random(1)
    for _ in range(200):
        part, _, text = things.draw(rng)
        assert text.foil is not None and text.foil != text.text
        if part != "names-0":  # zebra and fox are shown
            assert thing_in(
                text.foil.replace("zebra", "").replace("斑马", "").replace("fox", "").replace("狐狸", "")
            ) in (
                "mushroom",
                "fungus",
            )


def test_texts_about_pasted_things_may_begin_with_a_caption_of_the_background(things: NamedThings) -> None:
    rng = random.Random(2)
    drawn = [things.draw(rng, "paste")[2] for _ in range(100)]
    with_caption = [text for text in drawn if text.text.startswith("A man runs")]
    assert 10 < len(with_caption) < 60 and not any("boy" in text.text for text in drawn)
    assert all(text.foil is not None and text.foil.startswith("A man runs") for text in with_caption)


def test_a_class_goes_by_its_names_their_head_nouns_and_everyday_words() -> None:
    found = naming(["African elephant", "tusker"], ["animal"])
    assert set(found) == {"African elephant", "tusker", "elephant", "animal"} and found.count("animal") == 3
    assert "cat" in everyday_names()[281] and "dog" in everyday_names()[200]


def test_what_is_held_out_has_an_everyday_word_that_others_have_too() -> None:
    classes = [{"class": number} for number in range(1000)]
    hidden, everyday = held_out(classes), everyday_names()
    assert 50 < len(hidden) < 100
    for row in hidden:
        word = everyday[row][0]
        own = [other for other in range(1000) if everyday.get(other, [""])[0] == word]
        assert len(own) >= LEAST and sum(other in hidden for other in own) <= len(own) / (EVERY - 1)


def test_unseen_things_are_those_held_out_by_their_everyday_words(
    tmp_path: Path, things: NamedThings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "held_out", lambda classes: frozenset({1}))
    for kind in ("mosaic", "paste"):
        for end in (".jsonl", ".regions.npy"):
            (tmp_path / f"{kind}-dev{end}").write_bytes((tmp_path / f"{kind}{end}").read_bytes())
    unseen = NamedThings(tmp_path, tmp_path, [["A boy ."], ["A man ."]], in_chinese=False, unseen=True)
    assert unseen.rows == [1] and set(unseen.names[1]) == {"fox"}
    assert unseen.parts == ["names-0", "mosaic-dev", "paste-dev"]
    assert NamedThings(tmp_path, tmp_path, [], in_chinese=False).rows == [0, 2]
