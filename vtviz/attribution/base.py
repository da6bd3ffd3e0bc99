"""What attribution methods get and give."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from vtviz.inputs import ImageInput, InputError, Tokens
from vtviz.models.base import MATCH, Abilities, EncodedText, FusionModel, Target, TargetKind
from vtviz.models.record import KINDS, Kind
from vtviz.models.recorder import Recording

MapsOf = Literal["token", "text", "none"]


@dataclass(frozen=True)
class Details:
    """What some methods know beside the relevance, in units of the target.

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


@dataclass(frozen=True)
class Relevance:
    """Relevance of the inputs for one target.

    ``tokens [T]`` for each piece of the text, ``maps [T, h, w]`` the patch map of each piece, ``image [h, w]`` that of
    the whole text. Maps are 0..1 where ``signed`` is False, else -1..1.

    ``maps_of`` says what ``maps`` holds: ``token``, a map of its own for each piece; ``text``, the map of the whole
    text for every piece, because the method does not tell pieces apart; ``none``, zeros, because it says nothing about
    the photo. Token scores of a method that says nothing about the text are zeros.
    """

    tokens: np.ndarray
    maps: np.ndarray
    image: np.ndarray
    signed: bool
    maps_of: MapsOf = "token"
    details: Details | None = None


@dataclass(frozen=True)
class Options:
    """What can be set about a method; None is the method's default, and each method says which it has.

    ``layer`` and ``head`` count from 0 (the model's default layer; the mean of all heads). ``samples`` is the number of
    random draws or steps, ``seed`` that of the draws, ``window`` the side of the square that is covered at a time, in
    patches.
    """

    layer: int | None = None
    head: int | None = None
    samples: int | None = None
    seed: int | None = None
    window: int | None = None


@dataclass(frozen=True)
class Choice:
    """The values an option may take, and the one it has by itself (None where the model says)."""

    default: int | None
    low: int
    high: int | None = None


LAYER, HEAD, SEED = Choice(None, 0), Choice(None, 0), Choice(0, 0, 2**31 - 1)


def choices(**given: Choice) -> Mapping[str, Choice]:
    """The options of a method: fields of Options."""
    return MappingProxyType(given)


class Cancelled(Exception):
    """The person who asked does not want the result any more."""


@dataclass(frozen=True)
class Watch:
    """Someone who waits: ``progress`` hears passes done and passes in all, ``cancelled`` is asked between batches, and
    ``pause`` is called between batches where nothing holds the model, so that others may use it."""

    progress: Callable[[int, int], None] = lambda done, total: None
    cancelled: Callable[[], bool] = lambda: False
    pause: Callable[[], None] = lambda: None

    def step(self, done: int, total: int, pause: bool = True) -> None:
        """To be called before the first batch and after each. Raises Cancelled where the result is not wanted."""
        self.progress(done, total)
        if pause and done < total:
            self.pause()
        if self.cancelled():
            raise Cancelled


class Count:
    """Counts the passes of one method for a watch.

    Args:
        watch: hears of them.
        total: passes in all.
    """

    def __init__(self, watch: Watch, total: int) -> None:
        self.watch, self.done, self.total = watch, 0, total
        watch.step(0, total)

    def add(self, passes: int, pause: bool = True) -> None:
        """So many more are done, of which the total is the most; ``pause`` is False where something holds the model.

        Raises:
            Cancelled: where the result is not wanted.
        """
        self.done = min(self.done + passes, self.total)
        self.watch.step(self.done, self.total, pause)


class Case:
    """One photo, the texts about it that are explained together, and the target.

    Its last recorded pass is kept, so several methods can share it. For a caption the texts end with the piece that is
    explained.

    Args:
        model: explained.
        image: the photo; None will do for methods that read its features alone.
        texts: about the photo.
        target: what is explained.
        features: the photo's, ``[1, patches, channels]``, where they are known.

    Raises:
        InputError: if a text holds nothing to read, or the model does not have the target.
    """

    def __init__(
        self,
        model: FusionModel,
        image: ImageInput | None,
        texts: Sequence[str],
        target: Target = MATCH,
        features: Tensor | None = None,
    ) -> None:
        self.model, self.target = model, target
        self._image = image
        kinds = model.abilities.kinds
        if self.target.kind not in kinds:
            raise InputError(
                "The model has no target {target}; it has: {known}.", target=self.target.kind, known=", ".join(kinds)
            )
        self.tokens = [model.tokenize(text) for text in texts]
        self._full = model.encode_texts([tokens.text for tokens in self.tokens])
        self._features = features
        self._forward: ForwardPass | None = None
        self.text = self._full if self.target.kind != "caption" else self._captions()

    @cached_property
    def pixels(self) -> Tensor:
        """What the model sees of the photo, ``[1, 3, height, width]``."""
        if self._image is None:
            raise ValueError("this case has features, but no photo")
        return self.model.pixels(self._image)

    @cached_property
    def features(self) -> Tensor:
        """Features of the photo, ``[1, patches, channels]``."""
        if self._features is not None:
            return self._features
        with torch.inference_mode():
            return self.model.encode_pixels(self.pixels)

    @cached_property
    def scored(self) -> Target:
        """The target for ``model.score`` with texts of this case: of a caption, always the last piece."""
        return Target("caption", -1) if self.target.kind == "caption" else self.target

    def keep(self, index: int, kept: Tensor) -> EncodedText:
        """Text ``index`` with only those pieces that ``kept [n, pieces]`` has True, as n texts; the piece of a caption
        that is explained stays."""
        if self.target.kind == "caption":
            place = self._place(index)
            kept = kept.clone()
            kept[:, place], kept[:, place + 1 :] = True, False
        return self.model.keep_pieces(_row(self._full, index), kept)

    def text_of(self, index: int) -> EncodedText:
        """Text ``index`` alone."""
        return _row(self.text, index)

    def pieces(self, values: Tensor, index: int, axis: int = -1) -> Tensor:
        """The pieces of text ``index`` on the text axis of ``values``, with zeros for those that were not read: in a
        caption, the explained piece and what follows it."""
        first, count = self.model.text_offset, len(self.tokens[index].pieces)
        if self.target.kind == "caption":
            values = values.narrow(axis, 0, min(values.shape[axis], first + self._place(index)))
        found = min(count, values.shape[axis] - first)
        read = values.narrow(axis, first, found)
        if found == count:
            return read
        shape = list(read.shape)
        shape[axis] = count - found
        return torch.cat([read, read.new_zeros(shape)], dim=axis)

    def rows(self, values: Tensor, index: int) -> Tensor:
        """The rows of the pieces of text ``index``, ``[..., T, n]`` of ``values [..., text, n]``. The row of the
        explained piece of a caption is the one that it is written from."""
        found = self.pieces(values, index, axis=-2)
        if self.target.kind == "caption":
            written_from = int(self.model.readout(self.text, self.scored)[index].argmax())
            found = found.index_copy(
                found.ndim - 2,
                torch.tensor([self._place(index)], device=found.device),
                values[..., written_from : written_from + 1, :],
            )
        return found

    @torch.inference_mode()
    def values(self) -> Tensor:
        """The target of each text, ``[texts]``."""
        return self.model.score(self.features, self.text, self.scored).float()

    def forward(self, gradient: bool, kinds: Collection[Kind] = KINDS) -> ForwardPass:
        """One pass of all texts with attention of these kinds recorded, and its graph where gradients are wanted.

        Differentiate with ``retain_graph=True``: the pass is kept for other methods.
        """
        kept = self._forward
        if kept is None or (gradient and not kept.values.requires_grad) or not set(kinds) <= kept.kinds:
            kept = self._forward = self._run(gradient, frozenset(kinds))
        return kept

    def _run(self, gradient: bool, kinds: frozenset[Kind]) -> ForwardPass:
        count, model = len(self.tokens), self.model
        with torch.set_grad_enabled(gradient), model.record(kinds) as recording:
            if model.attention_in_pixels:
                features = model.encode_pixels(self.pixels.expand(count, -1, -1, -1))
            else:
                features = self.features.expand(count, -1, -1)
            values = model.score(features, self.text, self.scored)
        return ForwardPass(weakref.ref(self), values, recording, kinds)

    def _place(self, index: int) -> int:
        """The piece of the caption that is explained."""
        count, place = len(self.tokens[index].pieces), self.target.place
        if not -count <= place < count:
            raise InputError(
                "The caption has no piece {place}; its pieces are 0 to {last}.", place=place, last=count - 1
            )
        return place % count

    def _captions(self) -> EncodedText:
        rows = [
            self.keep(i, torch.ones(1, len(tokens.pieces), dtype=torch.bool)) for i, tokens in enumerate(self.tokens)
        ]
        length = max(row.ids.shape[1] for row in rows)
        ids = [
            torch.nn.functional.pad(row.ids, (0, length - row.ids.shape[1]), value=self.model.pad_id) for row in rows
        ]
        masks = [torch.nn.functional.pad(row.mask, (0, length - row.mask.shape[1]), value=False) for row in rows]
        return EncodedText(torch.cat(ids), torch.cat(masks))


@dataclass(frozen=True)
class ForwardPass:
    """One recorded pass: ``values [texts]``, the target of each text of the case.

    The attention and the values lie on one autograd graph where the method asked for gradients. The case is held
    weakly: it keeps its pass, and a circle would keep the graph in memory long after both are done with.
    """

    owner: weakref.ReferenceType[Case]
    values: Tensor
    attention: Recording
    kinds: frozenset[Kind] = frozenset(KINDS)

    @property
    def case(self) -> Case:
        """The case that this is a pass of."""
        case = self.owner()
        assert case is not None
        return case

    def rows(self, weights: Tensor, index: int) -> Tensor:
        """Rows of the pieces of text ``index`` over the patches, ``[..., T, patches]``, of ``weights [texts, ..., text,
        image]``."""
        return self.case.rows(weights[index, ..., self.case.model.image_offset :], index)


class Method(ABC):
    """An attribution method; one module each, with an instance called ``METHOD``.

    ``cost`` is in forward (F) and backward (B) passes; P, S, W and T are numbers of patches (or windows of them),
    samples, words and pieces. ``options`` are the fields of Options that it has. ``needs_gradient`` says that it
    differentiates the recorded pass; ``perturbs`` that it runs the model many times: it is slow, and reports its
    progress. ``docs/methods.md`` is the guide.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    formula: ClassVar[str]
    paper: ClassVar[str]
    cost: ClassVar[str]
    signed: ClassVar[bool] = False
    maps_of: ClassVar[MapsOf] = "token"
    needs_gradient: ClassVar[bool] = False
    perturbs: ClassVar[bool] = False
    options: ClassVar[Mapping[str, Choice]] = choices()

    def supports(self, abilities: Abilities, target: TargetKind) -> str | None:
        """Why the method is not defined for a model and target, in one sentence, or None where it is."""
        return None

    @abstractmethod
    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        """About how many passes, forward and backward, one text costs. ``options`` are complete."""

    @abstractmethod
    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        """Relevance for each text of the case. ``options`` are complete, but for a layer or head of None."""


def complete(method: Method, options: Options) -> Options:
    """The options with the method's defaults in place of None.

    Raises:
        InputError: if an option is set that the method does not have, or its value is out of range.
    """
    found = {}
    for field in fields(Options):
        value, choice = getattr(options, field.name), method.options.get(field.name)
        if choice is None:
            if value is not None:
                raise InputError("{method} has no option {option}.", method=method.label, option=field.name)
        elif value is not None and (value < choice.low or (choice.high is not None and value > choice.high)):
            limits = f"≥ {choice.low}" if choice.high is None else f"{choice.low}–{choice.high}"
            raise InputError(
                "The option {option} of {method} is {limits}, not {value}.",
                option=field.name,
                method=method.label,
                limits=limits,
                value=value,
            )
        else:
            found[field.name] = choice.default if value is None else value
    return Options(**found)


def _row(text: EncodedText, index: int) -> EncodedText:
    return EncodedText(text.ids[index : index + 1], text.mask[index : index + 1])
