"""BLIP for captions: a decoder whose layers attend to the photo."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.chinese import Language
from vtviz.inputs import Tokens
from vtviz.models.base import EncodedText, ScoreKind, Target
from vtviz.models.hugging_face.blip.shared import BlipModel
from vtviz.models.hugging_face.parts import Parts
from vtviz.models.hugging_face.writing import CAPTION_LENGTH, Memory, spell, written_from

SPECIAL = 2  # tokens around the pieces of a text


class BlipWriter(BlipModel):
    """``BlipForConditionalGeneration``: the match is the mean log-probability of the text's pieces and its end."""

    score_kind: ScoreKind = "likelihood"
    reads = "text_decoder"
    caption_length = CAPTION_LENGTH

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        text = self.network.config.text_config
        self.tokenizer = parts.tokenizer
        self.caption_starts: dict[Language, int] = {"en": int(text.bos_token_id)}
        self.caption_end = int(text.sep_token_id)

    def readout(self, text: EncodedText, target: Target) -> Tensor:
        """All inputs of a text alike; for a caption piece the input it is written from."""
        if target.kind == "match":
            inputs = text.mask[:, 1 : self._longest(text) + 1].float()
            return inputs / inputs.sum(dim=1, keepdim=True)
        last = written_from(text, target.place, SPECIAL)
        return F.one_hot(last, int(last.max()) + 1).float()

    def run(self, pixels: Tensor, text: EncodedText, target: Target) -> Tensor:
        length, last = self._longest(text), None
        if target.kind == "caption":
            last = written_from(text, target.place, SPECIAL)
            length = int(last.max()) + 1
        inputs = text.ids[:, :length].clone()
        inputs[:, 0] = self.caption_starts["en"]
        with self._precision():
            logits = self._logits(self.photo(pixels, len(inputs)), inputs).float()
        written = logits.log_softmax(dim=-1).gather(2, text.ids[:, 1 : length + 1, None])[..., 0]
        if last is not None:
            return written.gather(1, last[:, None])[:, 0]
        real = text.mask[:, 1 : length + 1]
        return (written * real).sum(dim=1) / real.sum(dim=1)

    def caption_memory(self, features: Tensor) -> Memory:
        """What the decoder reads of one photo, ``features [1, patches, channels]``."""
        features = features.clone() if features.is_inference() else features
        with self._precision():
            return Memory(self.photo(self._pixels(features), 1))

    def caption_logits(self, memory: Memory, chosen: Tensor) -> Tensor:
        """Logits ``[texts, T, pieces]`` of the piece after each of ``chosen [texts, T]``."""
        with self._precision():
            return self._logits(memory.photo.expand(len(chosen), -1, -1), chosen)

    @torch.inference_mode()
    def caption_following(self, memory: Memory, chosen: Tensor) -> Tensor:
        """Logits ``[texts, pieces]`` of the piece after the whole of each of ``chosen [texts, T]``."""
        last = chosen[:, -1:] if memory.continued(chosen) else chosen
        with self._precision():
            answer = self.network.text_decoder(
                input_ids=last,
                attention_mask=torch.ones_like(chosen),
                encoder_hidden_states=memory.photo.expand(len(chosen), -1, -1),
                cache=memory.cache,
                use_cache=True,
            )
        memory.cache = answer.cache
        logits: Tensor = answer.logits[:, -1]
        return logits

    def caption_tokens(self, chosen: Sequence[int]) -> Tokens:
        """The text that pieces spell."""
        return spell(self.tokenizer, chosen)

    def _logits(self, photo: Tensor, inputs: Tensor) -> Tensor:
        """Of the piece after each of ``inputs [n, T]``; padding stands last, where no piece attends to it."""
        logits: Tensor = self.network.text_decoder(
            input_ids=inputs, attention_mask=torch.ones_like(inputs), encoder_hidden_states=photo, use_cache=False
        ).logits
        return logits

    def _longest(self, text: EncodedText) -> int:
        """Inputs of the longest text: all of its tokens but the last."""
        return int(text.mask.sum(dim=1).max()) - 1
