"""A reply to any prompt about a photo, each word with its map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vtviz.inputs import WHOLE_FRAME, Frame, InputError, Tokens
from vtviz.models.base import TalkingModel, Turn
from vtviz.models.finite import need_numbers
from vtviz.tasks.beam import beam_search
from vtviz.tasks.caption import scaled, without_earlier, written_maps
from vtviz.watch import Watch


@dataclass(frozen=True)
class Reply:
    """A reply, piece by piece.

    ``probabilities [T]`` are those with which each piece followed those before it; ``maps [T, h, w]`` the attention to
    the patches from which it was written, averaged over layers and heads, each scaled to a maximum of 1. The maps lie
    on ``frame`` of the photo. ``is_whole`` is False where the reply was cut at the most tokens it may have.
    """

    tokens: Tokens
    probabilities: np.ndarray
    maps: np.ndarray
    frame: Frame = WHOLE_FRAME
    is_whole: bool = True

    @property
    def text(self) -> str:
        return self.tokens.text

    def without_interference(self) -> Reply:
        """The same reply, each map without what those of earlier pieces explain (TAM, Li et al., ICCV 2025)."""
        return replace(self, maps=without_earlier(self.maps, self.tokens))


def write_reply(
    model: TalkingModel,
    features: Tensor,
    prompt: str,
    earlier: Sequence[Turn] = (),
    frame: Frame = WHOLE_FRAME,
    watch: Watch | None = None,
) -> Reply:
    """The reply whose every piece is the likeliest after those before it.

    Args:
        model: replies.
        features: of one photo, ``[1, patches, channels]``.
        prompt: what it replies to.
        earlier: what was said before, oldest first.
        frame: the part of the photo that the patches cover.
        watch: hears before each piece how many there are, with the text so far as its note.

    Raises:
        InputError: if the prompt holds nothing to read, the conversation is too long, or nothing was replied.
        ModelError: if a probability is not a number.
    """
    talking, heard = model.replying(prompt, earlier), watch or Watch()
    start = talking.caption_starts["en"]
    with torch.inference_mode():
        memory = talking.caption_memory(features)

        def step(pieces: Tensor) -> Tensor:
            text = talking.caption_tokens(pieces[0, 1:].tolist()).text if pieces.shape[1] > 1 else ""
            heard.step(pieces.shape[1] - 1, talking.caption_length, note=text)
            logits = talking.caption_following(memory, pieces.to(talking.device))[:1]
            need_numbers(logits.logsumexp(dim=-1))
            return logits.float().log_softmax(dim=-1).cpu()

        (best,) = beam_search(step, start, talking.caption_end, talking.caption_length, 1)
        tokens = talking.caption_tokens(best.pieces)
        if not tokens.pieces:
            raise InputError("The model replied nothing; ask in another way.")
        maps = written_maps(talking, memory, start, best.pieces).cpu().numpy()
    probabilities = np.exp(np.array(best.log_probabilities[: len(best.pieces)]))
    is_whole = len(best.log_probabilities) > len(best.pieces)
    return Reply(tokens, probabilities, scaled(maps, talking.grid), frame, is_whole)
