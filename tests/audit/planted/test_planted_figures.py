"""What counts as found, and how often, against values worked out by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.audit.conftest import SETTINGS
from tests.audit.made import made_report
from vtviz.attribution.base import Relevance
from vtviz.audit.planted.detect import on_cause, word_scores
from vtviz.audit.planted.figures import planted_figures
from vtviz.audit.planted.run import KEPT, PlantCauses, run_planted
from vtviz.audit.report.html import to_html
from vtviz.audit.report.statistics import wilson
from vtviz.audit.requests import About
from vtviz.audit.settings import RANDOM, Settings
from vtviz.inputs import InputError
from vtviz.manifests.read import Row, read_manifest
from vtviz.watch import Watch

METHODS = ("occlusion", "raw_attention")
CAUSE = np.array([False, True, False, True])
FOUND = {
    "watermark": {
        "planted": 10,
        "took": 10,
        "moved": 2.0,
        "chance": 0.1,
        "hits": {"occlusion": 9.0, "raw_attention": 3.0, RANDOM: 1.0},
    },
    "swap": {
        "planted": 10,
        "took": 5,
        "moved": 1.0,
        "chance": 0.25,
        "hits": {"occlusion": 4.0, "raw_attention": 2.0, RANDOM: 1.0},
    },
    "distractor": {
        "planted": 10,
        "took": 4,
        "moved": 1.0,
        "chance": 0.2,
        "hits": {"occlusion": 0.8, "raw_attention": 3.0, RANDOM: 1.0},
    },
}


def test_the_highest_counts_and_a_flat_map_scores_at_chance() -> None:
    assert on_cause(np.array([0.1, 0.9, 0.2, 0.3]), CAUSE) == 1.0
    assert on_cause(np.array([1.0, 0.9, 0.2, 0.3]), CAUSE) == 0.0
    assert on_cause(np.array([0.5, 0.5, 0.2, 0.1]), CAUSE) == 0.5
    assert on_cause(np.zeros(4), CAUSE) == CAUSE.mean()


@pytest.mark.parametrize(("signed", "expected"), [(True, [-0.5, 0.9]), (False, [0.5, -0.9])])
def test_words_that_speak_against_the_text(signed: bool, expected: list[float]) -> None:
    relevance = Relevance(np.array([0.2, 0.3, -0.9]), np.zeros((3, 1, 1)), np.zeros((1, 1)), signed)
    assert word_scores(relevance, (0, 0, 1), 2) == pytest.approx(expected)


@pytest.mark.parametrize(("hits", "n"), [(0, 3), (10, 12), (12, 12), (7, 40)])
def test_intervals_are_wilsons(hits: int, n: int) -> None:
    expected = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert wilson(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_causes_in_the_photo_are_counted_together() -> None:
    figures = planted_figures(FOUND, METHODS)
    occlusion, attention = figures["methods"]["occlusion"], figures["methods"]["raw_attention"]
    assert occlusion["photo"]["mean"] == pytest.approx(13 / 15) and occlusion["photo"]["n"] == 15
    assert occlusion["photo"]["chance"] == pytest.approx((10 * 0.1 + 5 * 0.25) / 15)
    assert "text" not in occlusion and "distractor" not in occlusion  # it scores no words
    assert attention["text"]["mean"] == 0.75 and attention["watermark"]["mean"] == 0.3
    assert figures["kinds"]["swap"] == {"planted": 10, "took": 5, "moved": 1.0, "chance": 0.25}
    nothing = {**FOUND["swap"], "took": 0, "hits": dict.fromkeys((*METHODS, RANDOM), 0.0), "chance": None}
    figures = planted_figures({**FOUND, "swap": nothing}, METHODS)
    assert "swap" not in figures["methods"]["occlusion"] and figures["methods"]["occlusion"]["photo"]["mean"] == 0.9


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "finds a planted cause in the photo in 33% of 15 cases (15% to 58%; by chance 15%)"),
        ("zh", "在 15 例中，有 33% 找到了照片中植入的原因"),
    ],
)
def test_the_report_says_it_in_a_sentence(tmp_path: Path, language: str, sentence: str) -> None:
    report = made_report(tmp_path)
    assert sentence not in to_html(report, {}, language)
    report["summary"]["planted"] = {"made": planted_figures(FOUND, ("raw_attention",))}
    page = to_html(report, {}, language)
    assert sentence in page and "0.300" in page
    why = {**FOUND["swap"], "took": 0, "reason": "<b>no</b>", "hits": {"raw_attention": 0.0, RANDOM: 0.0}}
    report["summary"]["planted"] = {"made": planted_figures({**FOUND, "swap": why}, ("raw_attention",))}
    assert "&lt;b&gt;no&lt;/b&gt;" in to_html(report, {}, language)


def test_each_kind_is_planted_once_and_one_that_fails_does_not_cost_the_others(manifest: Path) -> None:
    asked: list[Any] = []

    def door(request: PlantCauses, watch: Watch) -> dict[str, Any]:
        asked.append(request.kind)
        if request.kind == "watermark":
            raise RuntimeError("no gradients")
        return {**FOUND[request.kind], "hits": {"raw_attention": 2.0, RANDOM: 1.0}}

    settings = Settings(("tiny",), ("raw_attention",), planted=10)
    rows, model = read_manifest(manifest).rows, About("tiny", "0" * 64, "cpu", ("raw_attention",))
    rows = tuple(row for row in rows if row.number != 3)
    figures = run_planted(manifest.parent, rows, settings, [model], door, Watch())
    assert asked == ["watermark", "swap", "distractor"]
    assert figures["tiny"]["kinds"]["watermark"]["reason"] == "no gradients"
    assert figures["tiny"]["methods"]["raw_attention"]["photo"]["n"] == 5
    assert run_planted(manifest.parent, rows, settings, [model], door, Watch()) == figures and len(asked) == 3
    other = (Row(1, rows[0].image, "another text"), *rows[1:])
    run_planted(manifest.parent, other, settings, [model], door, Watch())
    assert len(asked) == 6
    (manifest.parent / KEPT).write_text(json.dumps({"carriers": 3}))
    assert run_planted(manifest.parent, rows, settings, [model], door, Watch()) == figures and len(asked) == 9
    assert run_planted(manifest.parent, rows, SETTINGS, [model], door, Watch()) == {} and len(asked) == 9


def test_settings_know_how_many(tmp_path: Path) -> None:
    assert "planted" not in Settings().to_dict() and Settings(planted=3).to_dict()["planted"] == 3
    with pytest.raises(InputError, match="at most 500"):
        Settings(planted=501)
