"""What a method declares, and what it returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral
from typing import ClassVar, Literal

import numpy as np

from vtviz.attribution.case import Case
from vtviz.attribution.options import Choice, Options, choices
from vtviz.inputs import InputError, Tokens
from vtviz.models.base import Abilities, TargetKind
from vtviz.models.record import Kind
from vtviz.watch import Watch

COMPLETE = 0.01  # of the target's change: what may be left unexplained
MapsOf = Literal["token", "word", "text", "none"]
ONE_PASS, AND_GRADIENT = "1F", "1F + 1B"  # the costs that do not grow with the input


@dataclass(frozen=True)
class Details:
    """What some methods report besides the relevance, in units of the target.

    ``value`` is the target for the whole input and ``baseline`` that for the empty one. ``delta`` is what is left of
    value − baseline after the sum of all relevances. ``image_unit`` is the value of 1 in ``Relevance.image`` and of
    nothing else: ``tokens.sum() + image_unit * image.sum()`` is the sum of all relevances. ``tokens_error [T]`` and
    ``image_error [h, w]`` are standard errors of sampling. ``text_share`` (T-SHAP) is Σ|φ_text| / Σ|φ|.
    """

    value: float | None = None
    baseline: float | None = None
    delta: float | None = None
    image_unit: float | None = None
    tokens_error: np.ndarray | None = None
    image_error: np.ndarray | None = None
    text_share: float | None = None

    @property
    def incomplete(self) -> bool:
        """Whether more than 1 % of value − baseline is left unexplained, or one of the three is not a number."""
        if self.value is None or self.baseline is None or self.delta is None:
            return False
        return not abs(self.delta) <= COMPLETE * abs(self.value - self.baseline)


@dataclass(frozen=True)
class Relevance:
    """Relevance of the inputs for one target.

    ``tokens [T]`` for each piece of the text, ``maps [T, h, w]`` the patch map of each piece, ``image [h, w]`` that of
    the whole text. Maps are 0..1 where ``signed`` is False, else -1..1.

    ``maps_of`` says what ``maps`` holds: ``token``, a map of its own for each piece; ``word``, for each piece the map
    of its word as a text of its own; ``text``, the map of the whole text for every piece, because the method does not
    tell pieces apart; ``none``, zeros, because it says nothing about the photo. Token scores of a method that says
    nothing about the text are zeros.

    ``units [T + 1]`` are what 1 stands for in each of ``maps`` and, last, in ``image``: what they were divided by.
    """

    tokens: np.ndarray
    maps: np.ndarray
    image: np.ndarray
    signed: bool
    maps_of: MapsOf = "token"
    details: Details | None = None
    units: np.ndarray | None = None


class Method(ABC):
    """An attribution method: one module per method, with an instance called ``METHOD``.

    ``signed`` and ``maps_of`` are those of its Relevance; without ``uses_target`` that is the same whatever is
    explained; without ``scores_words`` all token scores are zeros.
    ``cost`` is in forward (F) and backward (B) passes; P, S, W and T are numbers of patches (or windows of them),
    samples, words and pieces. ``options`` are the fields of Options that it has. ``needs_gradient`` says that it
    differentiates the recorded pass; ``perturbs`` that it runs the model many times: it is slow, and reports its
    progress. ``attention`` are kinds of attention of which it needs at least one. The guide is in the files
    ``ask/method.json`` of ``assets/lang``.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    formula: ClassVar[str]
    paper: ClassVar[str]
    cost: ClassVar[str]
    signed: ClassVar[bool] = False
    uses_target: ClassVar[bool] = True
    maps_of: ClassVar[MapsOf] = "token"
    scores_words: ClassVar[bool] = True
    needs_gradient: ClassVar[bool] = False
    perturbs: ClassVar[bool] = False
    attention: ClassVar[tuple[Kind, ...]] = ()
    options: ClassVar[Mapping[str, Choice]] = choices()

    def supports(self, abilities: Abilities, target: TargetKind) -> InputError | None:
        """Why the method is not defined for a model and target, or None where it is."""
        if not self.attention or abilities.kinds[target] & set(self.attention):
            return None
        return InputError(
            "{method} needs {kinds} attention, which this model does not use for its {target}; choose another method.",
            method=self.label,
            kinds=" / ".join(self.attention),
            target=target,
        )

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        """About how many passes, forward and backward, one text costs. ``options`` are complete."""
        return 1 if self.cost == ONE_PASS else 2

    def photos(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        """How many of the passes begin with a photo, changed or not; the others go on from features that are known."""
        return 1

    @abstractmethod
    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        """Relevance for each text of the case. ``options`` are complete, but for a layer or head of None."""


class ManyPasses(Method):
    """A method that runs the model many times on changed inputs; signed, with one map for the whole text."""

    signed = True
    maps_of = "text"
    perturbs = True

    def photos(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return self.passes(tokens, grid, options)


def complete(method: Method, options: Options) -> Options:
    """The options with the method's defaults in place of None.

    Raises:
        InputError: if the method does not have an option that is set, or a value is not a whole number in its range.
    """
    complete_options = {}
    for field in fields(Options):
        value, choice = getattr(options, field.name), method.options.get(field.name)
        whole = value is None or isinstance(value, Integral)
        if choice is None:
            if value is not None:
                raise InputError(
                    "{method} has no option {option}; leave it out.", method=method.label, option=field.name
                )
        elif not whole:
            raise InputError(
                "The option {option} of {method} must be a whole number, not {value}.",
                option=field.name,
                method=method.label,
                value=value,
            )
        elif value is not None and (value < choice.low or (choice.high is not None and value > choice.high)):
            limits = f"≥ {choice.low}" if choice.high is None else f"{choice.low}–{choice.high}"
            raise InputError(
                "The option {option} of {method} must be {limits}, not {value}.",
                option=field.name,
                method=method.label,
                limits=limits,
                value=value,
            )
        else:
            complete_options[field.name] = choice.default if value is None else int(value)  # of numpy's kinds too
    return Options(**complete_options)
