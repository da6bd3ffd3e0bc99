"""What an explanation says of itself where it leaves the app."""

from __future__ import annotations

import re

from vtviz.engine.explanation import Explanation
from vtviz.render.lens.about import About
from vtviz.sentences import catalogue

HAN = re.compile("[\u4e00-\u9fff]")  # Chinese characters


def about(explanation: Explanation, language: str = "en", link: str = "") -> About:
    """Score, verdict and model of an explanation in a language."""
    sentences, score = catalogue(language), explanation.score
    calibrated = explanation.threshold is not None
    shown = f"{score:.{0 if calibrated else 2}%}" if explanation.score_kind == "probability" else f"{score:.3f}"
    key_of_verdict, values = verdict(explanation)
    key = "answer.score" if explanation.score_kind == "probability" else f"model.score_{explanation.score_kind}"
    model = sentences["export.model"].format(model=explanation.model, sha256=explanation.weights_sha256[:12])
    return About(f"{sentences[key]} {shown} · {sentences[key_of_verdict].format(**values)}", model, link)


DOUBTS = {"nothing named": "nothing", "unknown words": "words", "between": "between"}


def verdict(explanation: Explanation) -> tuple[str, dict[str, str]]:
    """The verdict on a text: the catalogue's key of its sentence, and the values in it."""
    unknown = dict.fromkeys(explanation.tokens.words[index].text for index in explanation.unknown)
    words = {"words": ", ".join(f"“{word}”" for word in unknown)} if unknown else {}
    if explanation.verdict is not None:
        if explanation.doubt is not None:
            return f"answer.doubt_{DOUBTS[explanation.doubt]}", words
        told = "describes" if explanation.verdict == "describes" else "describes_not"
        return f"answer.{told}{'_rest' if words else ''}", words
    if explanation.threshold is None:
        return "model.uncalibrated", {}
    if any(HAN.search(word) for word in unknown):
        return "answer.english", {}
    if unknown:
        return "answer.unknown", words
    return f"answer.{'match' if explanation.is_match else 'mismatch'}", {"threshold": f"{explanation.threshold:.0%}"}
