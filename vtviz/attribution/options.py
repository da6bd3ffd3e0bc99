"""What can be set about a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Options:
    """What can be set about a method; None is the method's default, and each method says which it has.

    ``layer`` and ``head`` count from 0 (the model's default layer; the mean of all heads). ``samples`` is the number of
    random draws or steps, ``seed`` that of the draws, ``window`` the side of the square that is covered at a time, in
    patches. ``subtract`` is 1 where a word's map is to be without what earlier words explain, ``spread`` is 1
    where what sink patches get is to be given to the others.
    """

    layer: int | None = None
    head: int | None = None
    samples: int | None = None
    seed: int | None = None
    window: int | None = None
    subtract: int | None = None
    spread: int | None = None


@dataclass(frozen=True)
class Choice:
    """The values an option may take, and the one it has by itself (None where the model says)."""

    default: int | None
    low: int
    high: int | None = None


LAYER, HEAD, SEED = Choice(None, 0), Choice(None, 0), Choice(0, 0, 2**31 - 1)
SUBTRACT = SPREAD = Choice(0, 0, 1)


def choices(**options: Choice) -> Mapping[str, Choice]:
    """The options of a method: fields of Options."""
    return MappingProxyType(options)
