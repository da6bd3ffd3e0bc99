"""What an explanation says of itself where it leaves the app."""

from __future__ import annotations

from vtviz.engine.explanation import Explanation
from vtviz.render.lens.about import About
from vtviz.sentences import catalogue


def about(explanation: Explanation, language: str = "en", link: str = "") -> About:
    """Score, verdict and model of an explanation in a language."""
    sentences, score = catalogue(language), explanation.score
    calibrated = explanation.threshold is not None
    shown = f"{score:.{0 if calibrated else 2}%}" if explanation.score_kind == "probability" else f"{score:.3f}"
    key = "answer.score" if explanation.score_kind == "probability" else f"model.score_{explanation.score_kind}"
    model = sentences["export.model"].format(model=explanation.model, sha256=explanation.weights_sha256[:12])
    return About(f"{sentences[key]} {shown} · {_verdict(explanation, sentences)}", model, link)


def _verdict(explanation: Explanation, sentences: dict[str, str]) -> str:
    if explanation.threshold is None:
        return sentences["model.uncalibrated"]
    if explanation.unknown:
        unknown = dict.fromkeys(explanation.tokens.words[index].text for index in explanation.unknown)
        return sentences["answer.unknown"].format(words=", ".join(f"“{word}”" for word in unknown))
    key = "answer.match" if explanation.is_match else "answer.mismatch"
    return sentences[key].format(threshold=f"{explanation.threshold:.0%}")
