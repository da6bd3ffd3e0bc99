"""Everyday things that a photo may show, as words to begin from."""

from __future__ import annotations

from vtviz.engine.requests.things import FindThings, Things
from vtviz.inputs import ImageInput
from vtviz.tasks.names import written
from vtviz.ui.ask.models import current_device
from vtviz.ui.ask.selection import text_language
from vtviz.ui.frame.language import say
from vtviz.ui.frame.waiting import ask
from vtviz.vocabulary import everyday_nouns
from vtviz.watch import Progress


def find_things(image: ImageInput, model: str) -> Things:
    """Those that fit a photo best, in a language that the model reads.

    Raises:
        InputError, ModelError: as the engine does.
    """
    nouns = everyday_nouns()
    names = nouns.values() if text_language(model) == "zh" else nouns
    return ask(FindThings(image, tuple(names), model, current_device()), _looking)


def sentence(name: str) -> str:
    """A sentence that says no more than that a thing is there."""
    text = written(name)
    return text[:1].upper() + text[1:]


def _looking(now: Progress, seconds: str) -> tuple[float, str]:
    return now.share, say("explore.looking", seconds=seconds)
