"""All figures of a small network; each of them is tested by hand in its own file."""

import json
from pathlib import Path

import pytest

from vtviz.attribution.registry import find_method
from vtviz.evaluation.evaluate import evaluate
from vtviz.evaluation.split import Row, chinese_rows, read_split
from vtviz.inputs import InputError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Cancelled, Progress, Watch

METHODS = [find_method("raw_attention")]


def test_every_figure_has_its_stage(tiny: VtvizBase, data: Path, rows: list[Row]) -> None:
    heard: list[Progress] = []
    judgements = data / "judgements.jsonl"
    ratings = [
        {"image": "0.png", "text": "a dog", "ratings": [4, 3]},
        {"image": "1.png", "text": "runs", "ratings": [1]},
    ]
    judgements.write_text("".join(json.dumps(row) + "\n" for row in ratings))
    figures = evaluate(tiny, data, rows, METHODS, judgements, watch=Watch(heard.append))
    expected = ["photos", "captions", "matching", "retrieval", "pointing", "cover", "caption", "answers", "judgements"]
    assert list(figures) == expected
    assert figures["photos"] == figures["captions"] == figures["caption"]["photos"] == 3
    assert figures["matching"]["match"]["correct"] + figures["matching"]["match"]["wrong"] == 3
    assert figures["judgements"]["n"] == 3
    ends = {now.stage: (now.done, now.total) for now in heard}
    assert ends == {
        "photos": (3, 3),
        "pointing and matching": (3, 3),
        "matching with other photos": (3, 3),
        "retrieval": (1, 1),
        "captions": (3, 3),
        "answers": (3, 3),
        "judgements": (2, 2),
    }


def test_pointing_alone(tiny: VtvizBase, data: Path, rows: list[Row]) -> None:
    alone = evaluate(tiny, data, rows, METHODS, pointing_only=True)
    assert list(alone) == ["photos", "captions", "pointing", "cover"]
    assert alone["pointing"] == evaluate(tiny, data, rows, METHODS)["pointing"]


def test_it_can_be_cancelled(tiny: VtvizBase, data: Path, rows: list[Row]) -> None:
    watch = Watch(cancelled=lambda: watch.now.stage == "pointing" and watch.now.done == 1)
    with pytest.raises(Cancelled):
        evaluate(tiny, data, rows, METHODS, pointing_only=True, watch=watch)
    assert watch.now.done == 1


def test_one_photo_cannot_be_matched(tiny: VtvizBase, data: Path, rows: list[Row]) -> None:
    with pytest.raises(InputError, match="at least two photos"):
        evaluate(tiny, data, rows[:1], METHODS)


def test_wrong_judgements_are_refused_before_any_photo_is_read(tiny: VtvizBase, data: Path, rows: list[Row]) -> None:
    judgements, heard = data / "judgements.jsonl", list[Progress]()
    judgements.write_text('{"image": "0.png", "text": "a dog", "ratings": 4}')
    with pytest.raises(InputError, match=r"Line 1 of judgements\.jsonl"):
        evaluate(tiny, data, rows, METHODS, judgements, watch=Watch(heard.append))
    assert not heard


def test_equal_ratings_have_no_correlation(tiny: VtvizBase, data: Path, rows: list[Row]) -> None:
    judgements = data / "judgements.jsonl"
    ratings = [{"image": f"{number}.png", "text": "a dog", "ratings": [3, 3]} for number in range(2)]
    judgements.write_text("".join(json.dumps(row) + "\n" for row in ratings))
    figures = evaluate(tiny, data, rows, METHODS, judgements)
    assert figures["judgements"] == {"tau_c": None, "n": 4}


def test_chinese_sentences_have_figures_of_their_own(tiny: VtvizBase, data: Path, rows: list[Row]) -> None:
    lines = [
        {"image": "0.png", "written": ["a dog", "dog"], "translated": ["a", None]},
        {"image": "1.png", "written": ["runs"], "translated": [None]},
        {"image": "2.png", "written": ["a skateboarder"], "translated": ["dog runs"]},
    ]
    (data / "zh").mkdir()
    (data / "zh" / "dev.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    chinese = chinese_rows(data / "zh", "dev", [*rows, {"image": "other.png"}])
    assert [row and row["captions"] for row in chinese["translated"]] == [["a"], None, ["dog runs"], None]
    of_three = {kind: own[:3] for kind, own in chinese.items()}
    figures = evaluate(tiny, data, rows, METHODS, chinese=of_three)["chinese"]
    assert figures["written"]["matching"]["match"]["correct"] + figures["written"]["matching"]["match"]["wrong"] == 4
    assert set(figures["translated"]["retrieval"]) == {"text_to_image", "image_to_text"}
    alone = evaluate(tiny, data, [row for row in chinese["written"] if row], METHODS)
    assert alone["matching"] == figures["written"]["matching"] and alone["retrieval"] == figures["written"]["retrieval"]


def test_a_file_of_chinese_sentences_is_taken_as_it_is(tiny: VtvizBase, data: Path) -> None:
    (data / "zh").mkdir()
    line = {"written": ["一只狗", "狗"], "translated": ["狗在跑", None]}
    lines = [{"image": f"{number}.png", **line} for number in range(2)]
    (data / "zh" / "dev.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = read_split(data / "zh", "dev")
    assert rows[0]["captions"] == ["一只狗", "狗", "狗在跑"]
    assert evaluate(tiny, data / "zh", rows, METHODS, images=data / "images")["captions"] == 6
