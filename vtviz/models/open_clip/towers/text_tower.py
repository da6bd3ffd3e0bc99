"""Text towers: open_clip's own transformer, inside the model or beside it, and those of transformers."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from open_clip.transformer import TextTransformer, text_global_pool
from torch import Tensor, nn

from vtviz.models.base import EncodedText, ModelError
from vtviz.models.open_clip.towers.hf_attention import is_hugging_face


class TextTower:
    """A text tower that turns ids ``[n, T]`` into one vector and one for each position.

    ``words`` turns ids into vectors. ``shortens`` says that padding changes nothing, so that texts need none. CoCa's
    tower pads by itself, and reads one more position, its own class token, after the last.
    """

    words: nn.Module
    shortens: bool

    def readout(self, text: EncodedText) -> Tensor:
        """How much the one vector reads each recorded position, ``[n, positions]``; each row sums to 1."""
        raise NotImplementedError

    def vector(self, ids: Tensor) -> Tensor:
        """One vector ``[n, channels]`` of the joint space, not yet of unit length."""
        raise NotImplementedError


class OwnText(TextTower):
    """``open_clip.transformer.TextTransformer``, or the parts of it that the class CLIP holds."""

    def __init__(self, network: Any) -> None:
        inside = isinstance(network, CLIP)
        self.source: Any = network if inside else network.text
        self.words = self.source.token_embedding
        self.pool = self.source.text_pool_type if inside else self.source.pool_type
        self.eos = self.source.text_eos_id if inside else self.source.eos_id
        self.inside = inside
        self.length = int(self.source.positional_embedding.shape[0]) - int(self.has_class_token)
        self.shortens = self.source.attn_mask is not None and self.pool in ("argmax", "eos")

    @property
    def has_class_token(self) -> bool:
        return not self.inside and self.source.cls_emb is not None

    def states(self, ids: Tensor, first: int = 0) -> Tensor:
        """The last layer's output ``[n, T, width]`` for ids ``[n, T]``, whose positions start at ``first``, without a
        class token."""
        length = ids.shape[1]
        x = self.source.token_embedding(ids) + self.source.positional_embedding[first : first + length]
        mask = self.source.attn_mask
        mask = mask if mask is None else mask[:length, :length]
        out: Tensor = self.source.transformer(x.to(self.source.transformer.get_cast_dtype()), attn_mask=mask)
        return out

    def vector(self, ids: Tensor) -> Tensor:
        if self.has_class_token:
            padded = F.pad(ids, (0, self.length - ids.shape[1]), value=self.source.pad_id)
            embedded, mask = self.source._embeds(padded)
            return self._projected(self.source.ln_final(self.source.transformer(embedded, attn_mask=mask)[:, -1]))
        states = self.source.ln_final(self.states(ids))
        return self._projected(text_global_pool(states, ids, self.pool, eos_token_id=self.eos))

    def readout(self, text: EncodedText) -> Tensor:
        ids, length = text.ids, text.ids.shape[1]
        if self.has_class_token:
            position, length = torch.full_like(ids[:, 0], self.length), self.length + 1
        elif self.pool == "argmax":
            position = ids.argmax(dim=-1)
        elif self.pool == "eos":
            position = (ids == self.eos).int().argmax(dim=-1)
        else:
            position = torch.full_like(ids[:, 0], length - 1 if self.pool == "last" else 0)
        return F.one_hot(position, length).float()

    def _projected(self, x: Tensor) -> Tensor:
        projection = self.source.text_projection
        if projection is None:
            return x
        out: Tensor = projection(x) if isinstance(projection, nn.Linear) else x @ projection
        return out


class HuggingFaceText(TextTower):
    """``open_clip.hf_model.HFTextEncoder``: BERT, XLM-R and others."""

    def __init__(self, text: Any) -> None:
        self.text = text
        self.words = text.transformer.get_input_embeddings()
        self.pooler = type(text.pooler).__name__
        self.shortens = True

    def vector(self, ids: Tensor) -> Tensor:
        output = self.text(ids)
        vector: Tensor = output[0] if isinstance(output, tuple) else output
        return vector

    def readout(self, text: EncodedText) -> Tensor:
        if self.pooler == "MeanPooler":
            mask = (text.ids != self.text.config.pad_token_id).float()
            return mask / mask.sum(dim=1, keepdim=True)
        return F.one_hot(torch.zeros_like(text.ids[:, 0]), text.ids.shape[1]).float()


def text_tower(network: nn.Module) -> TextTower:
    """The reader of a network's text tower.

    Raises:
        ModelError: if it is of another kind.
    """
    text: Any = getattr(network, "text", None)
    if text is None or isinstance(text, TextTransformer):
        return OwnText(network)
    if is_hugging_face(text):
        return HuggingFaceText(text)
    raise ModelError("vtviz does not support the text tower {tower}.", tower=type(text).__name__)
