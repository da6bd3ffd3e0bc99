"""ViLT: one transformer over the joined sequence of words and patches (Kim et al., ICML 2021)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from transformers.models.vilt.modeling_vilt import ViltSelfAttention

from vtviz.inputs import InputError
from vtviz.models.base import EncodedText, Target
from vtviz.models.hugging_face.attention import Place
from vtviz.models.hugging_face.base import TransformersModel
from vtviz.models.hugging_face.parts import Parts
from vtviz.models.joined import Joined


class ViltMatcher(TransformersModel):
    """``ViltForImageAndTextRetrieval``: the match is the logit of its head.

    transformers shuffles the patches of each pass, so they are embedded here, in their order; what comes out is the
    same, since every patch carries its position.
    """

    records_tower = False

    def __init__(self, parts: Parts) -> None:
        config = parts.network.config
        side, patch = int(config.image_size), int(config.patch_size)
        grid = (side // patch, side // patch)
        super().__init__(parts, grid, (patch, patch), (side, side), int(config.max_position_embeddings))
        count = int(config.num_hidden_layers)
        self._show_layer(count - 1, count)
        self._names = [name for name, module in self.network.named_modules() if isinstance(module, ViltSelfAttention)]
        self._length = 0  # of the texts that run

    @property
    def words(self) -> nn.Module:
        words: nn.Module = self.network.vilt.get_input_embeddings()
        return words

    def layers(self) -> Mapping[str, Place]:
        patches = self.grid[0] * self.grid[1] + self.image_offset

        def joined() -> Joined:
            text = torch.arange(self._length, device=self.device)
            return Joined(text, torch.arange(patches, device=self.device) + self._length)

        return dict.fromkeys(self._names, joined)

    def run(self, pixels: Tensor, text: EncodedText, target: Target) -> Tensor:
        logits: Tensor = self.network.rank_output(self._pooled(pixels, text))
        return logits[:, 0]

    def _pooled(self, pixels: Tensor, text: EncodedText) -> Tensor:
        """What the heads read, ``[batch, width]``."""
        self._length = text.ids.shape[1]
        patches = self._patches(pixels).expand(len(text.ids), -1, -1)
        with self._precision():
            pooled: Tensor = self.network.vilt(
                input_ids=text.ids,
                attention_mask=text.mask.long(),
                image_embeds=patches,
                pixel_mask=torch.ones(patches.shape[:2], dtype=torch.long, device=self.device),
            ).pooler_output
        return pooled

    def _patches(self, pixels: Tensor) -> Tensor:
        """The class token and the patches in their order, with their positions, ``[batch, 1 + patches, width]``."""
        embeddings = self.network.vilt.embeddings
        patches = embeddings.patch_embeddings(pixels).flatten(2).transpose(1, 2)
        first = embeddings.cls_token.expand(len(patches), -1, -1)
        joined: Tensor = torch.cat([first, patches], dim=1) + embeddings.position_embeddings
        return joined


class ViltAnswerer(ViltMatcher):
    """``ViltForQuestionAnswering``: logits over its own list of answers. The match reads the text as a question: "yes"
    against "no", the first two answers where its list lacks them."""

    answer_threshold = 0.0

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        labels = self.network.config.id2label
        self.answers = tuple(str(labels[index]) for index in range(len(labels)))
        places = [self.answers.index(word) if word in self.answers else i for i, word in enumerate(("yes", "no"))]
        self._yes, self._no = places

    def run(self, pixels: Tensor, text: EncodedText, target: Target) -> Tensor:
        place, against = (self._yes, self._no) if target.kind == "match" else (target.place, target.against)
        for chosen in (place, against or 0):
            if not 0 <= chosen < len(self.answers):
                raise InputError(
                    "There is no answer {place}: answer numbers start at 0 and stay below {count}.",
                    place=chosen,
                    count=len(self.answers),
                )
        logits: Tensor = self.network.classifier(self._pooled(pixels, text))
        return logits[:, place] - (0.0 if against is None else logits[:, against])

    def answer_logits(self, features: Tensor, questions: Sequence[str]) -> Tensor:
        """Logits ``[questions, answers]`` about one photo."""
        pixels = self._pixels(self._for(1, features))
        logits: Tensor = self.network.classifier(self._pooled(pixels, self.encode_texts(questions)))
        return logits.float()
