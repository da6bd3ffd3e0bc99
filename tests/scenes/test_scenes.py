"""The built-in data set, checked against the photos and against an own reading of its sentences."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vtviz.evaluation.split import read_split
from vtviz.scenes.compose import compose, scenes_folder, write_scenes
from vtviz.scenes.draw import PAINT
from vtviz.watch import Cancelled, Watch

ROWS = [compose("train", index, 3) for index in range(60)]
NUMBERS = {"a": 1, "two": 2, "three": 3}
NAMED = re.compile(
    rf"(?P<number>{'|'.join(NUMBERS)}) (?:(?P<size>small|large) )?(?P<colour>{'|'.join(PAINT)}) "
    r"(?P<shape>circle|square|triangle|star|heart|cross|ring|diamond)(?:es|s)?"
    r"(?: at the (?P<row>top|bottom) (?P<column>left|right))?"
)
LIES: dict[str, Callable[[float, float, float, float], bool]] = {
    "left of": lambda x, y, other_x, other_y: x < other_x,
    "right of": lambda x, y, other_x, other_y: x > other_x,
    "above": lambda x, y, other_x, other_y: y < other_y,
    "below": lambda x, y, other_x, other_y: y > other_y,
}


def centre(thing: dict[str, Any]) -> tuple[float, float]:
    x0, y0, x1, y1 = thing["box"]
    return (x0 + x1) / 2, (y0 + y1) / 2


def named(match: re.Match[str], things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [t for t in things if t["colour"] == match["colour"] and t["shape"] == match["shape"]]
    kept = [t for t in kept if match["size"] in (None, t["size"])]
    if match["row"]:
        kept = [t for t in kept if (centre(t)[1] < 0.5) == (match["row"] == "top")]
        kept = [t for t in kept if (centre(t)[0] < 0.5) == (match["column"] == "left")]
    return kept


def holds(text: str, things: list[dict[str, Any]]) -> bool:
    """Whether a sentence is true, read anew from its words."""
    matches = list(NAMED.finditer(text))
    assert matches, text
    found = [named(match, things) for match in matches]
    numbers = [NUMBERS[match["number"]] for match in matches]
    if any(len(own) != number if number > 1 else not own for own, number in zip(found, numbers, strict=True)):
        return False
    between = text[matches[0].end() : matches[1].start()].strip() if len(matches) == 2 else ""
    rule = LIES.get(between)
    return rule is None or any(rule(*centre(one), *centre(other)) for one in found[0] for other in found[1])


def test_captions_are_true_and_foils_are_false_by_one_word() -> None:
    changed = set[str]()
    for row, _ in ROWS:
        assert len(set(row["captions"])) == len(row["captions"]) == 5
        for foil in row["foils"]:
            caption = row["captions"][foil["caption"]]
            assert holds(caption, row["things"]) and not holds(foil["text"], row["things"]), (caption, foil)
            pairs = zip(caption.split(), foil["text"].split(), strict=True)
            assert [(a, b) for a, b in pairs if a != b] == [(foil["was"], foil["now"])]
            changed.add(foil["was"])
    assert changed & PAINT.keys() and changed & {"left", "above"} and changed & {"small", "large"} and "two" in changed


def test_what_a_phrase_names_lies_in_its_boxes() -> None:
    for row, data in ROWS:
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)
        assert pixels.shape == (row["height"], row["width"], 3)
        nearest = nearest_paint(pixels)
        for phrase in row["phrases"]:
            assert row["captions"][phrase["caption"]][phrase["start"] : phrase["end"]] == phrase["text"]
            match = NAMED.search(phrase["text"])
            assert match and len(phrase["boxes"]) == NUMBERS[match["number"]]
            for x0, y0, x1, y1 in phrase["boxes"]:
                inside = np.zeros(pixels.shape[:2], bool)
                inside[
                    round(y0 * row["height"]) : round(y1 * row["height"]),
                    round(x0 * row["width"]) : round(x1 * row["width"]),
                ] = True
                near = nearest == list(PAINT).index(match["colour"])
                assert near[inside].mean() > 0.15, phrase
                assert near[inside].mean() > 2 * near[~inside].mean(), phrase


def nearest_paint(pixels: np.ndarray) -> np.ndarray:
    """The index of the colour that each pixel is closest to; backgrounds are closest to the greys after them."""
    paints = [*PAINT.values(), *((level, level, level) for level in (70, 100, 130, 160, 190))]
    distances = [np.abs(pixels - np.array(paint)).sum(axis=-1) for paint in paints]
    return np.argmin(distances, axis=0)


def test_boxes_are_as_tight_as_the_drawing() -> None:
    for row, _ in ROWS:
        for thing in row["things"]:
            x0, y0, x1, y1 = thing["box"]
            side = max((x1 - x0) * row["width"], (y1 - y0) * row["height"]) / min(row["width"], row["height"])
            low, high = {"small": (0.1, 0.2), "medium": (0.16, 0.29), "large": (0.25, 0.43)}[thing["size"]]
            assert 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 and low < side < high, thing


def test_a_seed_gives_the_same_photos_and_another_seed_others(tmp_path: Path) -> None:
    counts = write_scenes(tmp_path / "a", 20, seed=1)
    write_scenes(tmp_path / "b", 20, seed=1)
    assert counts == {"train": 16, "dev": 2, "test": 2}
    for split, count in counts.items():
        text = (tmp_path / "a" / f"{split}.jsonl").read_text()
        assert text == (tmp_path / "b" / f"{split}.jsonl").read_text()
        rows = read_split(tmp_path / "a", split)
        assert len(rows) == count and all("foils" in row and row["phrases"] for row in rows)
        for row in rows:
            photos = [(tmp_path / name / "images" / row["image"]).read_bytes() for name in ("a", "b")]
            assert photos[0] == photos[1]
    assert compose("train", 0, 1)[0] != compose("train", 0, 2)[0] != compose("dev", 0, 2)[0]


def test_the_data_set_by_name_is_composed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTVIZ_CACHE", str(tmp_path / "cache"))
    with pytest.raises(Cancelled):
        scenes_folder(0, 20, Watch(cancelled=lambda: True))
    assert not list((tmp_path / "cache").iterdir())
    folder = scenes_folder(0, 20)
    mark = folder / "images" / "mark"
    mark.touch()
    assert scenes_folder(0, 20) == folder and mark.exists() and scenes_folder(1, 20) != folder
    rows = [json.loads(line) for line in (folder / "dev.jsonl").read_text().splitlines()]
    assert len(rows) == 2
