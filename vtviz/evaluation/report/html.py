"""The report of an evaluation for people, in one file that loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from vtviz.evaluation.figures.confusion import CATEGORIES
from vtviz.evaluation.figures.mistakes import MISTAKES, Mistake, mistakes
from vtviz.evaluation.figures.reliability import reliability
from vtviz.evaluation.figures.table import FIGURES
from vtviz.evaluation.pairs.pair import read_pair_photo
from vtviz.evaluation.report.drawing import SIDE, drawings
from vtviz.evaluation.runs.evaluation import Evaluation
from vtviz.evaluation.runs.export import figures_of
from vtviz.inputs import InputError
from vtviz.render.overlay import scaled_photo, to_jpeg
from vtviz.render.report import data_address, render
from vtviz.sentences import catalogue, translated

TEMPLATE = "evaluation.html.j2"
PICTURED = 6  # mistakes of either kind
PICTURE_SIDE = 300  # pixels


def to_html(evaluation: Evaluation, threshold: float, language: str = "en") -> str:
    """The report at a threshold as HTML in a language. All texts from outside are escaped."""
    sentences = catalogue(language)

    def say(key: str, **values: object) -> str:
        return sentences[f"evaluate.{key}"].format(**values)

    def named(kind: str, key: str, name: str) -> str:
        return sentences.get(f"evaluate.{kind}.{name.removeprefix(':')}", name) if key.startswith(":") else name

    is_probability = evaluation.scorer.score_kind == "probability"
    found = reliability(evaluation.scored) if is_probability else None
    labels = evaluation.labels
    return render(
        TEMPLATE,
        e=evaluation,
        f=figures_of(evaluation, threshold),
        t=say,
        language=language,
        score=sentences["answer.score" if is_probability else f"model.score_{evaluation.scorer.score_kind}"],
        categories=CATEGORIES,
        names=FIGURES,
        counts={
            "pairs": len(labels),
            "photos": evaluation.scored.photo_count,
            "matches": int(labels.sum()),
            "mismatches": int((1 - labels).sum()),
        },
        drawings=drawings(evaluation.scored, threshold, found),
        side=SIDE,
        wrong={kind: _pictured(evaluation, threshold, kind) for kind in MISTAKES},
        key_name=lambda key: named("key", key, key),
        value_name=lambda key, value: named("value", key, value),
        reason=lambda written: translated(written, language),
        number=_number,
        figure=_figure,
    )


def _pictured(evaluation: Evaluation, threshold: float, kind: Mistake) -> dict[str, Any]:
    """How many mistakes of a kind there are, and the surest with their pictures, where those are still there."""
    indices = mistakes(evaluation.scored, threshold, kind)
    shown = []
    for index in indices[:PICTURED].tolist():
        path = Path(evaluation.paths[index])
        try:
            picture: str = data_address(to_jpeg(scaled_photo(read_pair_photo(path), PICTURE_SIDE), 80))
        except InputError:
            picture = Markup("")
        shown.append(
            {"picture": picture, "text": evaluation.texts[index], "score": evaluation.scores[index], "image": path.name}
        )
    return {"count": len(indices), "shown": shown}


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _figure(estimate: Mapping[str, float | None]) -> tuple[str, str]:
    """A figure and its interval as text, each empty where there is none."""
    low, high = estimate["low"], estimate["high"]
    return _number(estimate["value"]), "" if low is None or high is None else f"{_number(low)} – {_number(high)}"
