"""Names of things as texts that a model matches with photos."""

from __future__ import annotations

from vtviz.chinese import language_of
from vtviz.vocabulary import with_article


def written(name: str) -> str:
    """The text that says no more than that a thing is there, in the language of its name."""
    return f"一张有{name}的照片。" if language_of(name) == "zh" else with_article(name)
