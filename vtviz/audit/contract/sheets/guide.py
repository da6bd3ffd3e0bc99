"""How to read a report: one page for those who decide by it."""

from __future__ import annotations

from vtviz.render.report import render
from vtviz.sentences import catalogue

STEPS = ("scope", "rules", "model", "headline", "intervals", "random", "sanity", "groups", "wrong", "not")


def guide_html(language: str = "en") -> str:
    """The page in a language."""
    sentences = catalogue(language)
    return render("guide.html.j2", language=language, steps=STEPS, c=lambda key: sentences[f"contract.{key}"])
