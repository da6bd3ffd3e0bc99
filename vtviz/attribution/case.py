"""What a method explains: a photo, texts and a target, and their recorded pass."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from vtviz.attribution.gradients import Reduce, per_text
from vtviz.inputs import Frame, ImageInput, InputError, Tokens
from vtviz.models.base import MATCH, EncodedText, FusionModel, Target
from vtviz.models.encoders import DualEncoder
from vtviz.models.record import KINDS, Kind
from vtviz.models.recorder import Change, Recording

# Where the pieces of each word stand on the recorded text axis, by the word's place in the text that the case was made
# of.
Positions = Mapping[int, Sequence[int]]


class Case:
    """One photo, the texts about it that are explained together, and the target.

    Its last recorded pass is kept, so several methods can share it. For a caption the texts end with the piece that is
    explained.

    Changed copies of it (``with_pixels``, ``with_words``, ``with_attention``) are cases that every method takes.

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
        _check_target(model, target)
        self._features = features
        self._forward: ForwardPass | None = None
        self._change: Callable[[Positions], Change] | None = None
        self._by_word = False
        self._take(texts)

    @property
    def frame(self) -> Frame:
        """The part of the photo that the patches cover."""
        if self._image is None:
            raise ValueError("this case has features, but no photo")
        return self.model.frame(self._image)

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
    def image_read(self) -> Tensor | None:
        """How much the photo's own vector reads each position of the recorded image axis, ``[positions]``; None where
        the model does not say."""
        return self.model.image_readout(self.features)[0] if isinstance(self.model, DualEncoder) else None

    @cached_property
    def scored(self) -> Target:
        """The target for ``model.score`` with texts of this case: of a caption, always the last piece."""
        return Target("caption", -1) if self.target.kind == "caption" else self.target

    def for_target(self, target: Target) -> Case:
        """The case of the same photo and texts for another target, which shares what is known of them.

        Raises:
            InputError: if the model does not have the target.
        """
        if target == self.target:
            return self
        _check_target(self.model, target)
        other = self._copy()
        other.target = target
        other.text = other._read()
        return other

    def with_texts(self, texts: Sequence[str]) -> Case:
        """The case of other texts about the same photo, for the same target, which shares what is known of the photo.

        Raises:
            InputError: if a text holds nothing to read.
        """
        other = self._copy()
        other._take(texts)
        return other

    def with_pixels(self, pixels: Tensor, features: Tensor) -> Case:
        """The same case of another photo: what the model sees of it, ``[1, 3, height, width]``, and its features."""
        other = self._copy()
        other._features = features
        for name in ("features", "image_read"):
            other.__dict__.pop(name, None)
        other.__dict__["pixels"] = pixels
        return other

    def with_words(self, kept: Collection[int]) -> Case:
        """The case of its only text with these words alone, as if the others had never been written.

        Raises:
            InputError: if the rest holds nothing to read, or not the piece of a caption that is explained.
        """
        (tokens,), other = self.tokens, self._copy()
        there = [owner in kept for owner in tokens.word_of]
        if self.target.kind == "caption":
            piece = self._explained_piece(0)
            if not there[piece]:
                raise InputError("The explained word cannot be dropped; choose another word.")
            other.target = replace(self.target, place=sum(there[:piece]))
        other.tokens = [_with_words(tokens, sorted(kept))]
        self.model.tokenize(other.tokens[0].text)  # refuses a text in which nothing can be read
        other._places = [place for index, place in enumerate(self.places) if index in kept]
        other._full = self.model.keep_pieces(_row(self._full, 0), torch.tensor([there]))
        other.text = other._read()
        return other

    def with_attention(self, change: Callable[[Positions], Change], by_word: bool = False) -> Case:
        """The same case of the model with attention that is replaced (see FusionModel.record).

        ``change`` makes what replaces it, for the words that are there. Where it does so ``by_word``, no method can
        explain the case by dropping words, as those that are left would stand elsewhere.
        """
        other = self._copy()
        other._change, other._by_word = change, by_word
        return other

    @property
    def attention_changed(self) -> bool:
        return self._change is not None

    @property
    def places(self) -> Sequence[int]:
        """The place of each word of the only text in the text that the case was made of."""
        return range(len(self.tokens[0].words)) if self._places is None else self._places

    def record(self, kinds: Collection[Kind]) -> AbstractContextManager[Recording]:
        """Records the model's attention inside the ``with``, as this case changes it."""
        return self.model.record(kinds, None if self._change is None else self._change(self._positions()))

    def score(self, features: Tensor, text: EncodedText) -> Tensor:
        """The target ``[n]`` of photos and texts, with the attention that this case changes."""
        if self._change is None:
            return self.model.score(features, text, self.scored)
        with self.record(()):
            return self.model.score(features, text, self.scored)

    def keep(self, index: int, kept: Tensor) -> EncodedText:
        """Text ``index`` with only those pieces that ``kept [n, pieces]`` has True, as n texts; the piece of a caption
        that is explained stays."""
        if self._by_word and not kept.all():
            raise InputError(
                "This method drops words, which it cannot do where the attention of a word is changed; choose another "
                "method."
            )
        if self.target.kind == "caption":
            position = self._explained_piece(index)
            kept = kept.clone()
            kept[:, position], kept[:, position + 1 :] = True, False
        return self.model.keep_pieces(_row(self._full, index), kept)

    def text_of(self, index: int) -> EncodedText:
        """Text ``index`` alone."""
        return _row(self.text, index)

    def pieces(self, values: Tensor, index: int, axis: int = -1) -> Tensor:
        """The pieces of text ``index`` on the text axis of ``values``, with zeros for those that were not read: in a
        caption, the explained piece and what follows it."""
        first, count = self.model.text_offset, len(self.tokens[index].pieces)
        if self.target.kind == "caption":
            values = values.narrow(axis, 0, min(values.shape[axis], first + self._explained_piece(index)))
        known = min(count, values.shape[axis] - first)
        read = values.narrow(axis, first, known)
        if known == count:
            return read
        shape = list(read.shape)
        shape[axis] = count - known
        return torch.cat([read, read.new_zeros(shape)], dim=axis)

    def rows(self, values: Tensor, index: int) -> Tensor:
        """The rows of the pieces of text ``index``, ``[..., T, n]`` of ``values [..., text, n]``. The row of the
        explained piece of a caption is the one that it is written from."""
        rows = self.pieces(values, index, axis=-2)
        if self.target.kind == "caption":
            written_from = int(self.model.readout(self.text, self.scored)[index].argmax())
            rows = rows.index_copy(
                rows.ndim - 2,
                torch.tensor([self._explained_piece(index)], device=rows.device),
                values[..., written_from : written_from + 1, :],
            )
        return rows

    @torch.inference_mode()
    def values(self) -> Tensor:
        """The target of each text, ``[texts]``."""
        return self.score(self.features, self.text).float()

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
        with torch.set_grad_enabled(gradient), self.record(kinds) as recording:
            if model.attention_in_pixels:
                features = model.encode_pixels(self.pixels.expand(count, -1, -1, -1))
            else:
                features = self.features.expand(count, -1, -1)
            values = model.score(features, self.text, self.scored)
        return ForwardPass(weakref.ref(self), values, recording, kinds)

    def _copy(self) -> Case:
        other = copy.copy(self)
        other.__dict__.pop("scored", None)
        other._forward = None
        return other

    def _positions(self) -> dict[int, list[int]]:
        first, owners = self.model.text_offset, self.tokens[0].word_of
        return {
            place: [first + piece for piece, owner in enumerate(owners) if owner == index]
            for index, place in enumerate(self.places)
        }

    def _explained_piece(self, index: int) -> int:
        """The piece of the caption that is explained."""
        count, position = len(self.tokens[index].pieces), self.target.place
        if not -count <= position < count:
            raise InputError(
                "The caption has no token {place}; choose a token from 0 to {last}.", place=position, last=count - 1
            )
        return position % count

    def _take(self, texts: Sequence[str]) -> None:
        self.tokens = [self.model.tokenize(text) for text in texts]
        self._full = self.model.encode_texts([tokens.text for tokens in self.tokens])
        self._places: Sequence[int] | None = None  # of the words that are left; None for all
        self.text = self._read()

    def _read(self) -> EncodedText:
        """The texts as far as the target reads them."""
        return self._full if self.target.kind != "caption" else self._captions()

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

    def gradients(self, inputs: Sequence[Tensor], reduce: Reduce = lambda i, gradient: gradient) -> list[Tensor]:
        """``reduce`` of ∂target/∂input ``[texts, ...]`` for tensors of the graph, which stays (see ``per_text``)."""
        return per_text(self.values, inputs, reduce)

    def rows(self, weights: Tensor, index: int) -> Tensor:
        """Rows of the pieces of text ``index`` over the patches, ``[..., T, patches]``, of ``weights [texts, ..., text,
        image]``."""
        return self.case.rows(weights[index, ..., self.case.model.image_offset :], index)


def _check_target(model: FusionModel, target: Target) -> None:
    kinds = model.abilities.kinds
    if target.kind not in kinds:
        raise InputError(
            "The model has no target {target}; choose one of: {known}.", target=target.kind, known=", ".join(kinds)
        )


def _with_words(tokens: Tokens, kept: Sequence[int]) -> Tokens:
    """These words alone; the spaces of those that are left out go with them."""
    new, text, moved, end = {old: index for index, old in enumerate(kept)}, "", [], 0
    for old in kept:
        word = tokens.words[old]
        gap = tokens.text[tokens.words[old - 1].end if old else 0 : word.start]
        text += gap if text else ""
        moved.append(replace(word, start=len(text), end=len(text) + len(word.text)))
        text, end = text + word.text, word.end
    if kept and kept[-1] == len(tokens.words) - 1:
        text += tokens.text[end:]
    pieces = [i for i, owner in enumerate(tokens.word_of) if owner in new]
    shifts = [moved[new[tokens.word_of[i]]].start - tokens.words[tokens.word_of[i]].start for i in pieces]
    spans = [(tokens.spans[i][0] + by, tokens.spans[i][1] + by) for i, by in zip(pieces, shifts, strict=True)]
    owners = tuple(new[tokens.word_of[i]] for i in pieces)
    names = tuple(tokens.pieces[i] for i in pieces)
    return Tokens(text, names, tuple(spans), tuple(moved), owners, tokens.truncated)


def _row(text: EncodedText, index: int) -> EncodedText:
    return EncodedText(text.ids[index : index + 1], text.mask[index : index + 1])
