"""CoCa: a dual encoder with a decoder whose words attend to the photo (Yu et al., "CoCa", 2022).

Its cross-attention does not read patches but what an attentional pooler made of them. The map of a word is therefore
composed: attention to the pooler's queries, times the pooler's attention to the patches. A row sums to 1 with the image
tower's class token, which stands before the patches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.inputs import InputError, Tokens, group_pieces
from vtviz.models.base import EncodedText, ModelError, Target
from vtviz.models.open_clip.capture import record_towers
from vtviz.models.open_clip.dual_encoder import DualEncoder, Parts
from vtviz.models.open_clip.text import BpeReader
from vtviz.models.open_clip.text_tower import OwnText
from vtviz.models.open_clip.vision import OwnVision
from vtviz.models.record import Kind
from vtviz.models.recorder import RecordedLayer, Recording


@dataclass(frozen=True)
class Memory:
    """What the decoder reads of photos: ``keys [batch, queries, width]`` of the pooler, the pooler's ``weights [batch,
    queries, offset + patches]``, and ``alone [batch, offset + patches, width]``, the key of a pooler with eyes for one
    token only."""

    keys: Tensor
    weights: Tensor
    alone: Tensor

    def expand(self, count: int) -> Memory:
        """The same photo ``count`` times."""
        return Memory(*(each.expand(count, -1, -1) for each in (self.keys, self.weights, self.alone)))


class CocaModel(DualEncoder):
    """CoCa, which compares like a dual encoder and writes captions."""

    default_method = "raw_attention"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        decoder: Any = self.network.text_decoder
        if not isinstance(parts.reader, BpeReader) or not isinstance(self.text, OwnText):
            raise ModelError("vtviz reads CoCa with open_clip's own text tower only.")
        if not isinstance(self.vision, OwnVision) or self.vision.visual.attn_pool is None:
            raise ModelError("vtviz reads CoCa with an attentional pooler only.")
        self.caption_start, self.caption_end = parts.reader.start, parts.reader.end
        self.caption_length = int(decoder.context_length)
        self.default_layer = len(decoder.cross_attn) - 1
        self.targets = ("caption", *self.targets)
        self._memory: Memory | None = None
        self._cross = {f"text_decoder.cross_attn.{i}.attn": each for i, each in enumerate(decoder.cross_attn)}

    def kinds(self, target: Target) -> frozenset[Kind]:
        """The kinds of attention that run when a target is scored."""
        both: frozenset[Kind] = frozenset({"image", "text"})
        return both | {"text→image"} if target.kind == "caption" else both

    def readout(self, text: EncodedText, target: Target) -> Tensor:
        """The class token for the similarity, the last input for a caption piece."""
        if target.kind != "caption":
            return super().readout(text, target)
        last = self._caption_places(text, target.place)
        return F.one_hot(last, int(last.max()) + 1).float()

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        """As for a dual encoder; for a caption, the log-probability of one of its pieces.

        Raises:
            ValueError: for a target that the model does not have.
            InputError: for a piece that the text does not have.
        """
        if target.kind != "caption":
            return super().score(features, text, target)
        count = max(len(features), len(text.ids))
        text = EncodedText(text.ids.expand(count, -1), text.mask.expand(count, -1))
        last = self._caption_places(text, target.place)
        ids = text.ids[:, : int(last.max()) + 2]
        logits = self.caption_logits(self.caption_memory(features), ids[:, :-1], batched=True).float()
        rows = logits[torch.arange(count, device=self.device), last]
        return rows.log_softmax(dim=-1).gather(1, ids.gather(1, last[:, None] + 1))[:, 0]

    def caption_memory(self, features: Tensor) -> Memory:
        """What the decoder reads of photos, ``features [batch, patches, channels]``."""
        features = features.clone() if features.is_inference() else features
        assert isinstance(self.vision, OwnVision)
        with self._precision():
            tokens = self.vision.tokens(self._pixels(features))
            keys, weights = self.vision.pool(tokens)
            return Memory(keys[:, 1:], weights[:, 1:], self.vision.alone(tokens))

    def caption_logits(self, memory: Memory, chosen: Tensor, batched: bool = False) -> Tensor:
        """Logits ``[texts, T, pieces]`` of the piece after each of ``chosen [texts, T]``."""
        count, length = chosen.shape
        memory = memory.expand(count) if len(memory.keys) == 1 else memory
        before, self._memory = self._memory, memory
        try:
            with self._precision():
                padded = F.pad(chosen, (0, 1), value=self.pad_id)
                words = self.text.source.ln_final  # the tower gives the decoder its states before this norm
                del words
                states = self.network.text(padded)[1][:, :length]
                logits: Tensor = self.network.text_decoder(memory.keys, states)
        finally:
            self._memory = before
        return logits

    def caption_tokens(self, chosen: Sequence[int]) -> Tokens:
        """The text that pieces spell."""
        pieces = self.reader.write(chosen)
        return group_pieces(pieces.text, pieces.written, pieces.spans)

    def _recorder(self, kinds: Collection[Kind]) -> AbstractContextManager[Recording]:
        return record_towers(self.network, kinds, self._lock, self._composed)

    def _composed(self, layer: RecordedLayer) -> RecordedLayer:
        """A layer of cross-attention with patches for keys.

        Its weights are a leaf of the graph: their gradient is what the answer would gain from more attention to a patch
        on its own, a pooler with eyes for that patch only. What the model goes on with keeps its value exactly.
        """
        if layer.kind != "text→image":
            return layer
        assert self._memory is not None
        weights = (layer.weights @ self._memory.weights[:, None].to(layer.weights.dtype)).detach()
        block: Any = self._cross[layer.name]
        parts = block.ln_1_kv(self._memory.alone.detach())
        matrices, biases = block.attn.in_proj_weight.chunk(3), block.attn.in_proj_bias.chunk(3)
        key, value = (
            F.linear(parts, matrices[i], biases[i]).unflatten(-1, (block.attn.num_heads, -1)).transpose(1, 2) for i in (1, 2)
        )
        mixed = layer.mixed
        if torch.is_grad_enabled():
            weights.requires_grad_()
            alone = weights.to(value.dtype) @ value
            mixed = mixed + (alone - alone.detach())
        return replace(layer, weights=weights, key=key, value=value, mixed=mixed)

    def _caption_places(self, text: EncodedText, place: int) -> Tensor:
        """The input from which the piece at ``place`` is written, ``[n]``: that piece's number, as a start comes first."""
        pieces = text.mask.sum(dim=1) - 2
        last = pieces - 1 if place < 0 else torch.full_like(pieces, place)
        if (last >= pieces).any() or (last < 0).any():
            raise InputError(f"The caption has no piece {place} that the model could write.")
        return last


_ = (contextmanager, Iterator)
