"""What a method explains: a photo, texts and a target, and their recorded pass."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import MATCH, EncodedText, FusionModel, Target
from vtviz.models.record import KINDS, Kind
from vtviz.models.recorder import Recording


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
        _check_target(model, target)
        self.tokens = [model.tokenize(text) for text in texts]
        self._full = model.encode_texts([tokens.text for tokens in self.tokens])
        self._features = features
        self._forward: ForwardPass | None = None
        self.text = self._read()

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

    def for_target(self, target: Target) -> Case:
        """The case of the same photo and texts for another target, which shares what is known of them.

        Raises:
            InputError: if the model does not have the target.
        """
        if target == self.target:
            return self
        _check_target(self.model, target)
        other = copy.copy(self)
        other.__dict__.pop("scored", None)
        other.target, other._forward = target, None
        other.text = other._read()
        return other

    def keep(self, index: int, kept: Tensor) -> EncodedText:
        """Text ``index`` with only those pieces that ``kept [n, pieces]`` has True, as n texts; the piece of a caption
        that is explained stays."""
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

    def _explained_piece(self, index: int) -> int:
        """The piece of the caption that is explained."""
        count, position = len(self.tokens[index].pieces), self.target.place
        if not -count <= position < count:
            raise InputError(
                "The caption has no token {place}; its tokens are numbered 0 to {last}.", place=position, last=count - 1
            )
        return position % count

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

    def gradients(self, inputs: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
        """∂target/∂input for tensors ``[texts, ...]`` of the graph, which stays; None where no target depends on one.

        The texts of a case do not influence each other, so the gradient of the sum is that of each value.
        """
        return torch.autograd.grad(self.values.sum(), inputs, retain_graph=True, allow_unused=True)

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


def _row(text: EncodedText, index: int) -> EncodedText:
    return EncodedText(text.ids[index : index + 1], text.mask[index : index + 1])
