"""CoCa: a dual encoder with a decoder whose words attend to the photo (Yu et al., "CoCa", TMLR 2022).

Its cross-attention does not read patches but what an attentional pooler made of them. The map of a word is therefore
composed: attention to the pooler's queries, times the pooler's attention to the patches. A row sums to 1 with the image
tower's class token, which stands before the patches.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.chinese import Language
from vtviz.inputs import InputError, Tokens, group_pieces
from vtviz.models.base import EncodedText, ModelError, Target
from vtviz.models.open_clip.abilities import COCA
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder, once
from vtviz.models.open_clip.kv_cache import Past, one_more
from vtviz.models.open_clip.parts import Parts
from vtviz.models.open_clip.text import BpeReader
from vtviz.models.open_clip.towers.capture import alone
from vtviz.models.open_clip.towers.own_vision import OwnVision
from vtviz.models.open_clip.towers.text_tower import OwnText
from vtviz.models.record import Kind
from vtviz.models.recorder import Change, RecordedLayer, Recorder


@dataclass(frozen=True)
class Memory:
    """What the decoder reads of photos.

    ``keys [batch, queries, width]`` come from the pooler, with its ``weights [batch, queries, 1 + patches]``; ``alone
    [batch, 1 + patches, width]`` holds the key that a pooler would give if it attended to one token only. ``past`` is
    that of the texts that ``caption_following`` wrote last.
    """

    keys: Tensor
    weights: Tensor
    alone: Tensor
    past: Past = field(default_factory=Past)

    def expand(self, count: int) -> Memory:
        """The same photo ``count`` times."""
        keys, weights, single = (tensor.expand(count, -1, -1) for tensor in (self.keys, self.weights, self.alone))
        return Memory(keys, weights, single)


class CocaModel(OpenClipDualEncoder):
    """CoCa, whose match is how likely it would write the text: the mean log-probability of its pieces and its end.

    A change of a text→image layer sees that layer's own weights, whose keys are the pooler's queries; the record holds
    what they compose to over the patches.
    """

    default_method = "attention_gradcam"
    keeps_match = False  # its match is the likelihood of the text, which the decoder reads from the photo
    vision: OwnVision
    reader: BpeReader
    text: OwnText

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        decoder: Any = self.network.text_decoder
        if not isinstance(self.reader, BpeReader) or not isinstance(self.text, OwnText):
            raise ModelError("vtviz supports CoCa only with open_clip's own text encoder; choose another model.")
        if not isinstance(self.vision, OwnVision) or self.vision.visual.attn_pool is None:
            raise ModelError("vtviz supports CoCa only with an attentional pooler; choose another model.")
        self.caption_starts: dict[Language, int] = {"en": self.reader.start}
        self.caption_end = self.reader.end
        self.caption_length = int(decoder.context_length)
        self.default_layer = len(decoder.cross_attn) - 1
        self.score_kind, self.abilities = "likelihood", COCA
        self._memory: Memory | None = None
        self._cross = {f"text_decoder.cross_attn.{i}.attn": layer for i, layer in enumerate(decoder.cross_attn)}

    def readout(self, text: EncodedText, target: Target) -> Tensor:
        """The class token for the similarity; for a caption piece the input it is written from; for the match all
        inputs alike."""
        if target.kind == "similarity":
            return super().readout(text, target)
        if target.kind == "match":
            inputs = self._inputs(text)[1].float()
            return inputs / inputs.sum(dim=1, keepdim=True)
        last = self._written_from(text, target.place)
        return F.one_hot(last, int(last.max()) + 1).float()

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        """The mean log-probability of the text (match), of one of its pieces (caption), or the cosine (similarity).

        Raises:
            ValueError: for a target that the model does not have.
            InputError: for a piece that the text does not have.
        """
        if target.kind not in ("match", "caption"):
            return super().score(features, text, target)
        count = max(len(features), len(text.ids))
        text = EncodedText(text.ids.expand(count, -1), text.mask.expand(count, -1))
        ids, inputs = self._inputs(text)
        if target.kind == "caption":
            last = self._written_from(text, target.place)
            ids = ids[:, : int(last.max()) + 1]
        memory = self.caption_memory(self._for(count, features))
        logits = self.caption_logits(memory, ids).float()
        following = text.ids[:, 1 : ids.shape[1] + 1, None]
        written = logits.log_softmax(dim=-1).gather(2, following)[..., 0]
        if target.kind == "caption":
            return written.gather(1, last[:, None])[:, 0]
        return (written * inputs).sum(dim=1) / inputs.sum(dim=1)

    def caption_memory(self, features: Tensor) -> Memory:
        """What the decoder reads of photos, ``features [batch, patches, channels]``."""
        features = features.clone() if features.is_inference() else features
        with self._precision():
            tokens = self.vision.tokens(self._pixels(features))
            keys, weights = self.vision.pool(tokens)
            return Memory(keys[:, 1:], weights[:, 1:], self.vision.alone(tokens))

    def caption_logits(self, memory: Memory, chosen: Tensor) -> Tensor:
        """Logits ``[texts, T, pieces]`` of the piece after each of ``chosen [texts, T]``.

        The class token of the text tower is left out: no other token attends to it.
        """
        before, self._memory = self._memory, memory.expand(len(chosen)) if len(memory.keys) == 1 else memory
        try:
            with self._precision():
                states = self.text.states(chosen)
                logits: Tensor = self.network.text_decoder(self._memory.keys, states)
                return logits
        finally:
            self._memory = before

    @torch.inference_mode()
    def caption_following(self, memory: Memory, chosen: Tensor) -> Tensor:
        """Logits ``[texts, pieces]`` of the piece after the whole of each of ``chosen [texts, T]``.

        Texts that continue those of the call before by one piece cost that piece only.
        """
        past, count = memory.past, chosen.shape[1]
        first = count if past.rows(chosen) is not None else 1
        if first == 1:
            past.chosen, past.kept = None, {}
        decoder: Any = self.network.text_decoder
        itself = [layer.attn for layer in (*self.text.source.transformer.resblocks, *decoder.resblocks)]
        photo = [layer.attn for layer in decoder.cross_attn]
        for end in range(first, count + 1):
            keys = memory.keys[:, :1] if past.kept else memory.keys
            with alone(self.network), one_more(past, chosen[:, :end], itself, photo), self._precision():
                logits: Tensor = decoder(keys, self.text.states(chosen[:, end - 1 : end], end - 1))
        return logits[:, -1]

    def caption_tokens(self, chosen: Sequence[int]) -> Tokens:
        """The text that pieces spell."""
        pieces = self.reader.write(chosen)
        return group_pieces(pieces.text, pieces.written, pieces.spans)

    def _for(self, count: int, features: Tensor) -> Tensor:
        """Features for ``count`` texts; a single row where all are the same and no row of the record has to stand for
        itself."""
        rows = once(features)
        return rows.expand(count, -1, -1) if "image" in self._recorded else rows

    def _recorder(self, kinds: Collection[Kind], change: Change | None) -> Recorder:
        return Recorder(kinds, change, self._composed)

    def _composed(self, layer: RecordedLayer) -> RecordedLayer:
        """A layer of cross-attention with patches for keys.

        Its weights are a leaf of the graph: their gradient is what the target would gain from more attention to one
        patch, by the key that a pooler would give for that patch only. ``mixed`` keeps its value exactly.
        """
        if layer.kind != "text→image":
            return layer
        assert self._memory is not None
        weights = (layer.weights @ self._memory.weights[:, None].to(layer.weights.dtype)).detach()
        cross: Any = self._cross[layer.name]
        alone = cross.ln_1_kv(self._memory.alone.detach())
        matrices, biases = cross.attn.in_proj_weight.chunk(3), cross.attn.in_proj_bias.chunk(3)
        key, value = (
            F.linear(alone, matrices[i], biases[i]).unflatten(-1, (cross.attn.num_heads, -1)).transpose(1, 2)
            for i in (1, 2)
        )
        mixed = layer.mixed
        if torch.is_grad_enabled():
            by_patches = weights.requires_grad_().to(value.dtype) @ value
            mixed = mixed + (by_patches - by_patches.detach())
        return replace(layer, weights=weights, key=key, value=value, mixed=mixed)

    def _inputs(self, text: EncodedText) -> tuple[Tensor, Tensor]:
        """What the decoder reads of texts, all but their end, ``[n, T]``, and where it is not padding."""
        longest = int(text.mask.sum(dim=1).max()) - 1
        return text.ids[:, :longest], text.mask[:, 1 : longest + 1]

    def _written_from(self, text: EncodedText, index: int) -> Tensor:
        """The index of the input from which piece ``index`` is written, ``[n]``."""
        pieces = text.mask.sum(dim=1) - 2
        last = pieces - 1 if index < 0 else torch.full_like(pieces, index)
        if (last >= pieces).any() or (last < 0).any():
            raise InputError(
                "The caption has no token {place} that the model can write; choose another token.", place=index
            )
        return last
