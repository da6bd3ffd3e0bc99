"""Rows that are not as they should be are left out with their reason, and change no figure of the others."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.audit.conftest import SETTINGS
from vtviz.attribution.attribute import attribute
from vtviz.audit.audit import run_audit
from vtviz.audit.replay import differences
from vtviz.audit.rows.row import OUTSIDE, boxes_of, phrase_of, phrase_spans
from vtviz.inputs import ImageInput, InputError, Tokens, read_image
from vtviz.jobs.door import Door
from vtviz.manifests.read import Row, read_manifest
from vtviz.metrics.localisation import energy
from vtviz.models.base import Target
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Watch

ONE = replace(SETTINGS, methods=("raw_attention",), metrics=("energy", "pointing"), probes=1)


def save_photo(path: Path, seed: int) -> None:
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (40, 60, 3), dtype=np.uint8)).save(path)


def write(folder: Path, rows: list[dict[str, Any]], name: str = "manifest.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_phrase_is_words_of_its_own() -> None:
    text = "a woman next to a man, 一只狗"
    assert list(phrase_spans(text, "man")) == [(18, 21)]
    assert list(phrase_spans(text, "a man")) == [(16, 21)]
    assert list(phrase_spans(text, "狗")) == [(25, 26)]
    assert not list(phrase_spans(text, "wo")) and not list(phrase_spans(text, "ext to"))


def test_a_phrase_is_found_however_its_accents_are_written(tiny: VtvizBase) -> None:
    row = Row(1, Path("a.png"), "a cafe\u0301 dog", phrase="cafe\u0301")
    assert phrase_of(row, tiny.tokenize(row.text)) == (2, 6)


def test_the_figure_of_a_phrase_is_that_of_its_own_map(tiny: VtvizBase, tmp_path: Path, door: Door) -> None:
    save_photo(tmp_path / "a.png", 0)
    text, box = "skateboarder a skate dog", [0.0, 0.0, 0.5, 1.0]
    rows = [{"image": "a.png", "text": text, "boxes": [box], "phrase": "skate"}]
    run_audit(read_manifest(write(tmp_path, rows)), ONE, tmp_path / "out", door)
    image = read_image((tmp_path / "a.png").read_bytes())
    tokens, relevance = tiny.tokenize(text), attribute(tiny, image, text, Target(), "raw_attention")
    (piece,) = [index for index, (start, _) in enumerate(tokens.spans) if start == text.index(" skate ") + 1]
    record = pq.read_table(tmp_path / "out" / "rows.parquet").to_pylist()[0]
    assert record["energy"] == pytest.approx(energy(relevance.maps[piece], [box]), abs=1e-6)


@pytest.mark.parametrize("phrase", ["dog\nruns", "dog\u00a0runs"])
def test_a_phrase_that_cleaning_changes_fails_with_its_reason(tiny: VtvizBase, phrase: str) -> None:
    row = Row(1, Path("a.png"), f"a {phrase}", phrase=phrase)
    if phrase in tiny.tokenize(row.text).text:
        assert phrase_of(row, tiny.tokenize(row.text)) == (2, 2 + len(phrase))
        return
    with pytest.raises(InputError, match="does not occur in the text"):
        phrase_of(row, tiny.tokenize(row.text))


def test_a_phrase_beyond_the_context_fails_with_its_reason() -> None:
    tokens = Tokens("a dog runs", ("a",), ((0, 1),), (), (0,), truncated=True)
    with pytest.raises(InputError, match="did not read the phrase"):
        phrase_of(Row(1, Path("a.png"), "a dog runs", phrase="dog"), tokens)


@pytest.mark.parametrize(
    ("boxes", "units"),
    [
        ([[[0, 0, 0.5, 1.0000000000000002]], [[0, 0, 1, 1]]], ["fraction", "fraction"]),
        ([[[0, 0, 30, 40]], [[0, 0, 1, 1]]], ["pixel", "pixel"]),
        ([[[0, 0, 30, 40]], [[0.1, 0, 0.5, 1]]], ["pixel", "unclear"]),
    ],
)
def test_fractions_or_pixels_are_decided_for_the_file(tmp_path: Path, boxes: list[Any], units: list[str]) -> None:
    rows = [{"image": "a.png", "text": "a dog", "boxes": value} for value in boxes]
    assert [row.unit for row in read_manifest(write(tmp_path, rows)).rows] == units


def test_a_named_unit_wins(tmp_path: Path) -> None:
    rows = [{"image": "a.png", "text": "a", "boxes": [[0, 0, 30, 40]]}]
    rows += [
        {"image": "a.png", "text": "a", "boxes": [[0.1, 0, 0.5, 1]], "unit": unit} for unit in ("fraction", "pixel")
    ]
    assert [row.unit for row in read_manifest(write(tmp_path, rows)).rows] == ["pixel", "fraction", "pixel"]
    with pytest.raises(InputError, match="must be fraction or pixel"):
        read_manifest(write(tmp_path, [{**rows[0], "unit": "inch"}]))


def test_boxes_beyond_the_crop_are_left_out_with_a_note(photo: ImageInput) -> None:
    row = Row(1, Path("a.png"), "a dog", ((0.0, 0.0, 0.2, 1.0),))
    assert boxes_of(row, photo, (0.25, 0.0, 0.75, 1.0)) == ((), OUTSIDE)
    both = replace(row, boxes=((0.0, 0.0, 0.2, 1.0), (0.5, 0.0, 1.0, 1.0)))
    assert boxes_of(both, photo, (0.25, 0.0, 0.75, 1.0)) == (((0.5, 0.0, 1.0, 1.0),), "")
    with pytest.raises(InputError, match="name the unit"):
        boxes_of(replace(row, unit="unclear"), photo, (0.0, 0.0, 1.0, 1.0))


def test_group_zero_stays_and_a_failed_row_is_measured_after_the_repair(tmp_path: Path, door: Door) -> None:
    rows = [{"image": f"{name}.png", "text": "a dog", "group": 0} for name in "ab"]
    manifest = write(tmp_path, rows)
    with pytest.raises(InputError, match="No row could be measured"):
        run_audit(read_manifest(manifest), ONE, tmp_path / "out", door)
    save_photo(tmp_path / "a.png", 0)
    first = run_audit(read_manifest(manifest), ONE, tmp_path / "out", door)
    assert first["summary"]["rows"]["tiny"] == {"total": 2, "measured": 1, "failed": 1}
    assert list(first["summary"]["failed_rows"].values()) == [[2]] and list(first["summary"]["groups"]) == ["0"]
    save_photo(tmp_path / "b.png", 1)
    second = run_audit(read_manifest(manifest), ONE, tmp_path / "out", door)
    assert second["summary"]["rows"]["tiny"] == {"total": 2, "measured": 2, "failed": 0}
    assert second["summary"] == run_audit(read_manifest(manifest), ONE, tmp_path / "fresh", door)["summary"]


def test_a_replaced_photo_is_measured_again_with_its_checks(tmp_path: Path, door: Door) -> None:
    for name, seed in (("a", 0), ("b", 1)):
        save_photo(tmp_path / f"{name}.png", seed)
    manifest = write(tmp_path, [{"image": f"{name}.png", "text": "a dog"} for name in "ab"])
    run_audit(read_manifest(manifest), ONE, tmp_path / "out", door)
    asked: list[str] = []

    def counted(request: Any, watch: Watch) -> Any:
        asked.append(type(request).__name__)
        return door(request, watch)

    run_audit(read_manifest(manifest), ONE, tmp_path / "out", counted)
    assert asked == ["LookUp"]  # nothing changed, nothing is measured again
    save_photo(tmp_path / "a.png", 7)
    again = run_audit(read_manifest(manifest), ONE, tmp_path / "out", counted)
    assert asked.count("MeasureRow") == 1 and asked.count("CheckSanity") == 4
    assert again["summary"] == run_audit(read_manifest(manifest), ONE, tmp_path / "fresh", door)["summary"]


@pytest.mark.parametrize("method", ["maskclip", "clip_surgery"])
def test_a_check_that_does_not_apply_costs_no_report(tmp_path: Path, door: Door, method: str) -> None:
    save_photo(tmp_path / "a.png", 0)
    manifest = read_manifest(write(tmp_path, [{"image": "a.png", "text": "a dog"}]))
    report = run_audit(manifest, replace(ONE, methods=(method,)), tmp_path / "out", door)
    verdicts = {outcome["check"]: outcome["verdict"] for outcome in report["summary"]["sanity"]["tiny"][method]}
    assert verdicts["random_logit"] == "not_applicable" and "not_measured" not in verdicts.values()


def test_a_check_that_fails_costs_no_report(tmp_path: Path, door: Door) -> None:
    save_photo(tmp_path / "a.png", 0)
    manifest = read_manifest(write(tmp_path, [{"image": "a.png", "text": "a dog"}]))

    def broken(request: Any, watch: Watch) -> Any:
        if type(request).__name__ in ("CheckSanity", "DescribeHeads"):
            raise RuntimeError("no memory left")
        return door(request, watch)

    report = run_audit(manifest, ONE, tmp_path / "out", broken)
    outcomes = report["summary"]["sanity"]["tiny"]["raw_attention"]
    assert {outcome["verdict"] for outcome in outcomes} == {"not_measured"} and report["summary"]["heads"][
        "tiny"
    ] is None
    assert "no memory left" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def forty(folder: Path) -> tuple[list[dict[str, Any]], set[int]]:
    """Forty rows about eight photos, and the numbers of those that cannot be measured."""
    for seed in range(8):
        save_photo(folder / f"{seed}.png", seed)
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:300])
    texts = ("a dog runs", "a skateboarder", "a skate dog", "dog runs a dog", "a dog")
    rows: list[dict[str, Any]] = [
        {"image": f"{number % 8}.png", "text": texts[number % 5], "group": number % 3} for number in range(40)
    ]
    rows[3] |= {"boxes": [[0.0, 0.0, 1.0000000000000002, 1.0]], "phrase": "dog"}
    rows[7] |= {"boxes": [[0.31, 0.0, 0.315, 1.0]], "phrase": "skate", "text": "skateboarder a skate"}
    rows[9] |= {"boxes": [[0.1, 0.1, 0.6, 0.7], [0.4, 0.4, 0.9, 0.9]]}
    bad = {
        1: {"image": "none.png"},
        4: {"image": "cut.png"},
        11: {"text": "a skateboarder", "phrase": "board"},
        14: {"text": "a\ndog runs", "phrase": "a\ndog"},
        18: {"text": "…"},
        22: {"boxes": [[0.0, 0.0, 0.5, 1.2]], "unit": "fraction"},
        30: {"text": "a dog " * 400},
        39: {"image": "."},
    }
    for index, change in bad.items():
        rows[index] |= change
    return rows, {index + 1 for index in bad}


def test_bad_rows_change_no_figure_of_the_good_ones(tmp_path: Path, door: Door) -> None:
    rows, bad = forty(tmp_path)
    good = [row for number, row in enumerate(rows, 1) if number not in bad]
    settings = replace(SETTINGS, metrics=("insertion", "pointing", "energy", "iou"), steps=2, probes=1)
    whole = run_audit(read_manifest(write(tmp_path, rows)), settings, tmp_path / "whole", door)["summary"]
    alone = run_audit(read_manifest(write(tmp_path, good, "good.jsonl")), settings, tmp_path / "alone", door)["summary"]
    for key in ("metrics", "comparisons", "groups", "score", "attention_entropy", "sanity", "heads"):
        assert not list(differences(alone[key], whole[key], key, 1e-9)), key
    assert whole["rows"]["tiny"] == {"total": 40, "measured": 40 - len(bad), "failed": len(bad)}
    assert {number for numbers in whole["failed_rows"].values() for number in numbers} == bad
