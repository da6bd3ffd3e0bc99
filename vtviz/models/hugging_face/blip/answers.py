"""BLIP for questions: an encoder that reads the question beside the photo, and a decoder that writes the answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from vtviz.inputs import InputError
from vtviz.models.base import EncodedText, Target
from vtviz.models.hugging_face.blip.shared import BlipModel
from vtviz.models.hugging_face.parts import Parts
from vtviz.paths import ASSETS

EVERYDAY = ASSETS / "models" / "vtviz-base" / "config.json"  # whose answers are everyday ones
YES_NO = ("yes", "no")
BATCH = 64  # answers written at a time


class BlipAnswerer(BlipModel):
    """``BlipForQuestionAnswering``: an answer's logit is the log-probability of its pieces and its end, over a list of
    everyday answers. The match reads the text as a question: "yes" against "no"."""

    answer_threshold = 0.0

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        text = self.network.config.text_config
        known = json.loads(EVERYDAY.read_text(encoding="utf-8"))["answers"]
        self.answers = (*YES_NO, *(answer for answer in known if answer not in YES_NO))
        self.start, self.end = int(text.bos_token_id), int(text.sep_token_id)

    @cached_property
    def _written(self) -> tuple[Tensor, Tensor]:
        """What the decoder reads of each answer, ``[answers, T]``, and what it is to write, −1 where nothing."""
        pieces = [list(self.reader.read(answer).ids) for answer in self.answers]
        length = max(map(len, pieces)) + 1
        inputs = [[self.start, *ids] + [self.pad_id] * (length - 1 - len(ids)) for ids in pieces]
        wanted = [[*ids, self.end] + [-1] * (length - 1 - len(ids)) for ids in pieces]
        return torch.tensor(inputs), torch.tensor(wanted)

    def run(self, pixels: Tensor, text: EncodedText, target: Target) -> Tensor:
        places = [0, 1]
        if target.kind == "answer":
            places = [target.place] if target.against is None else [target.place, target.against]
        for place in places:
            if not 0 <= place < len(self.answers):
                raise InputError(
                    "There is no answer {place}: answer numbers start at 0 and stay below {count}.",
                    place=place,
                    count=len(self.answers),
                )
        with self._precision():
            states = self.read(text, self.photo(pixels, len(text.ids)))
            logits = self._logits(states, text.mask, places)
        return logits[:, 0] - (logits[:, 1] if len(places) > 1 else 0.0)

    def answer_logits(self, features: Tensor, questions: Sequence[str]) -> Tensor:
        """Logits ``[questions, answers]`` about one photo."""
        text = self.encode_texts(questions)
        with self._precision():
            states = self.read(text, self.photo(self._pixels(self._for(1, features)), len(text.ids)))
            every = range(len(self.answers))
            parts = [self._logits(states, text.mask, every[i : i + BATCH]) for i in range(0, len(every), BATCH)]
        return torch.cat(parts, dim=1)

    def _logits(self, states: Tensor, mask: Tensor, places: Sequence[int]) -> Tensor:
        """The log-probability ``[questions, places]`` of some answers.

        transformers drops the mask of this cross-attention, so questions of one length are answered together, without
        the padding after them.
        """
        lengths = mask.sum(dim=1)
        summed = torch.zeros(len(states), len(places), device=self.device)
        for length in lengths.unique().tolist():
            rows = (lengths == length).nonzero()[:, 0]
            summed = summed.index_put((rows,), self._of_states(states[rows, :length], places))
        return summed

    def _of_states(self, states: Tensor, places: Sequence[int]) -> Tensor:
        chosen, count = torch.tensor(list(places)), len(states)
        inputs, wanted = (rows[chosen].to(self.device).repeat(count, 1) for rows in self._written)
        logits = self.network.text_decoder(
            input_ids=inputs,
            attention_mask=torch.ones_like(inputs),
            encoder_hidden_states=states.repeat_interleave(len(chosen), dim=0),
            use_cache=False,
        ).logits.float()
        written = logits.log_softmax(dim=-1).gather(2, wanted.clamp_min(0)[..., None])[..., 0]
        summed: Tensor = (written * (wanted >= 0)).sum(dim=1).unflatten(0, (count, len(chosen)))
        return summed
