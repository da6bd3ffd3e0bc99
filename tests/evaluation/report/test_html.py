"""The report of an evaluation, and its drawings."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.made import made
from vtviz.evaluation.figures.reliability import reliability
from vtviz.evaluation.report.drawing import SIDE, drawings
from vtviz.evaluation.report.html import to_html
from vtviz.sentences import LANGUAGES, catalogue


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_holds_every_figure_and_loads_nothing(tmp_path: Path, language: str) -> None:
    evaluation = made(tmp_path)
    page = to_html(evaluation, 0.5, language)
    sentences = catalogue(language)
    for name in ("report.title", "confusion", "roc", "pr", "histogram", "reliability", "tab.slices", "limit.labels"):
        assert sentences[f"evaluate.{name}"] in page
    assert f"{evaluation.ranking['auc']['value']:.3f}" in page and "pets" in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page) and "http" not in page.replace("http-equiv", "")


def test_texts_from_outside_are_escaped(tmp_path: Path) -> None:
    page = to_html(made(tmp_path), 0.9)
    assert "own &lt;model&gt;" in page and "&lt;b&gt;a cat&lt;/b&gt;" in page and "<b>a cat" not in page


def test_photos_that_are_there_are_shown(tmp_path: Path) -> None:
    assert "data:image/jpeg" not in to_html(made(tmp_path), 0.5)
    for number in range(6):
        Image.fromarray(np.full((40, 60, 3), 40 * number, np.uint8)).save(tmp_path / f"{number}.png")
    assert to_html(made(tmp_path), 0.5).count("data:image/jpeg") > 1


def test_scores_that_are_no_probabilities_have_no_reliability(tmp_path: Path) -> None:
    evaluation = made(tmp_path, "similarity")
    page = to_html(evaluation, evaluation.start)
    assert catalogue("en")["evaluate.reliability"] not in page and catalogue("en")["evaluate.ece_help"] not in page
    assert catalogue("en")["evaluate.roc"] in page


def test_drawings_lie_on_their_ground(tmp_path: Path) -> None:
    scored = made(tmp_path).scored
    drawn = {drawing.name: drawing for drawing in drawings(scored, 0.5, reliability(scored))}
    assert list(drawn) == ["roc", "pr", "histogram", "reliability"]
    ((points, _),) = drawn["roc"].lines
    first, *_, last = ([float(value) for value in point.split(",")] for point in points.split())
    assert first == [0.0, SIDE] and last == [SIDE, 0.0]
    assert drawn["histogram"].at == SIDE / 2
    assert max(bar[1] + bar[3] for bar in drawn["histogram"].bars) == pytest.approx(SIDE)
    for drawing in drawn.values():
        assert all(0 <= x <= SIDE and 0 <= y <= SIDE for x, y, *_ in drawing.dots)
