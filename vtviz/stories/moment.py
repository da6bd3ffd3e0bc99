"""A moment and a story."""

from __future__ import annotations

from dataclasses import dataclass, field

from vtviz.chinese import Language
from vtviz.interventions.changes import Change
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.render.lens.settings import LensSettings


@dataclass(frozen=True)
class Moment:
    """What a person wants to show: a photo, by the sha256 of its file, and a text before a model.

    ``target`` is written as on the command line; ``method`` is the model's default where None. ``settings`` are those
    of the lens: the pinned word or phrase, layer and head. ``changes`` were made before; ``note`` is what the person
    says to it.
    """

    photo: str
    text: str
    model: str = DEFAULT_MODEL
    method: str | None = None
    target: str = "match"
    settings: LensSettings = field(default=LensSettings())
    changes: tuple[Change, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Story:
    """Moments in the order in which they are told, in a language."""

    title: str
    language: Language
    moments: tuple[Moment, ...]
