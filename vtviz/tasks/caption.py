"""Captions of a photo, each word with its map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vtviz.attribution.words.interference import without_interference
from vtviz.chinese import Language, language_of
from vtviz.inputs import WHOLE_FRAME, Frame, InputError, Tokens
from vtviz.models.base import CaptionModel, ScoreKind, as_score
from vtviz.models.finite import need_numbers
from vtviz.tasks.beam import Beam, beam_search
from vtviz.vocabulary import empty_words
from vtviz.watch import Watch

ALIKE = 0.7  # share of their words from which two captions say the same
CLOSE_UP = ("close", "特写")  # of photos, not of what they show
LONGEST_RUN = 3  # words that a stutter may repeat


@dataclass(frozen=True)
class Caption:
    """A generated sentence.

    ``score`` is the model's match of it with the photo, as ``score_kind`` says; the maps lie on ``frame`` of the photo;
    ``probabilities [T]`` are those with which each piece followed those before it; ``maps [T, h, w]`` the attention
    to the patches while the piece was chosen, averaged over layers and heads, each scaled to a maximum of 1.
    ``is_sure`` is False where the score is below the least at which the model may say so.
    """

    tokens: Tokens
    probabilities: np.ndarray
    maps: np.ndarray
    score: float
    score_kind: ScoreKind = "probability"
    frame: Frame = WHOLE_FRAME
    is_sure: bool = True

    @property
    def text(self) -> str:
        return self.tokens.text

    def without_interference(self) -> Caption:
        """The same caption, each map without what those of earlier pieces explain (TAM, Li et al., ICCV 2025)."""
        return replace(self, maps=without_earlier(self.maps, self.tokens))


def write_captions(
    model: CaptionModel,
    features: Tensor,
    frame: Frame = WHOLE_FRAME,
    count: int = 3,
    width: int = 5,
    watch: Watch | None = None,
    language: Language = "en",
) -> list[Caption]:
    """Up to ``count`` captions of a beam search, the one that matches the photo best first.

    Captions that stutter are left out, and of those that say nearly the same all but the one that matches best.

    Args:
        model: writes the captions.
        features: of one photo, ``[1, patches, channels]``.
        frame: the part of the photo that the patches cover.
        count: captions wanted, at most ``width``.
        width: texts followed at a time.
        watch: hears before each piece how many there are, of those that a caption may have.
        language: of the captions.

    Raises:
        InputError: if the model does not write in the language, or wrote nothing.
    """
    start = start_of(model, language)
    with torch.inference_mode():
        memory = model.caption_memory(features)
        written = [
            (beam, model.caption_tokens(beam.pieces)) for beam in _search(model, memory, start, width, watch or Watch())
        ]
        readable = [(beam, tokens) for beam, tokens in written if tokens.pieces]
        if not readable:
            raise InputError("The model could not write a caption for this photo; try another photo.")
        beams, texts = zip(*readable, strict=True)
        matches = model.match_logits(features.expand(len(texts), -1, -1), [tokens.text for tokens in texts])
        need_numbers(matches)
        scores = as_score(matches, model.score_kind).tolist()
        order = chosen(texts, scores, count)
        return [_caption(model, memory, start, beams[index], scores[index], frame) for index in order]


def caption_text(model: CaptionModel, features: Tensor, width: int = 5, language: Language = "en") -> str:
    """The text of the likeliest caption alone."""
    with torch.inference_mode():
        best = _search(model, model.caption_memory(features), start_of(model, language), width, Watch())[0]
        return model.caption_tokens(best.pieces).text


def start_of(model: CaptionModel, language: Language) -> int:
    """The piece that captions in a language begin with.

    Raises:
        InputError: if the model does not write in it.
    """
    if language not in model.caption_starts:
        raise InputError("This model writes no captions in Chinese; choose English or another model.")
    return model.caption_starts[language]


def chosen(texts: Sequence[Tokens], scores: Sequence[float], count: int) -> list[int]:
    """The indices of up to ``count`` texts to show, best score first: none that stutters, names nothing or mixes
    languages unless all do, and none that says nearly what a better one says."""
    words = [[word.text.lower() for word in tokens.words if word.text[0].isalnum()] for tokens in texts]
    every = range(len(texts))
    fluent = [index for index in every if tells(words[index]) and not stutters(words[index])] or list(every)
    kept: list[int] = []
    for index in sorted(fluent, key=lambda index: -scores[index]):
        if not any(_alike(words[index], words[other]) for other in kept):
            kept.append(index)
    return kept[:count]


def tells(words: Sequence[str]) -> bool:
    """Whether words name a thing that a photo may show, more than by saying one word twice ("a close up of a close
    up"), and are of one language."""
    named = [word for word in words if word not in empty_words() and word not in CLOSE_UP]
    chinese = [language_of(word) == "zh" for word in words]
    said_twice = len(named) > 1 and len(set(named)) == 1
    return bool(named) and not said_twice and len(set(chinese)) == 1


def stutters(words: Sequence[str]) -> bool:
    """Whether one word to three are said twice in a row ("a dog a dog")."""
    return any(
        list(words[first : first + length]) == list(words[first + length : first + 2 * length])
        for length in range(1, LONGEST_RUN + 1)
        for first in range(len(words) - 2 * length + 1)
    )


def _alike(one: Sequence[str], other: Sequence[str]) -> bool:
    both = set(one) | set(other)
    return not both or len(set(one) & set(other)) / len(both) >= ALIKE


def _search(model: CaptionModel, memory: object, start: int, width: int, watch: Watch) -> list[Beam]:
    def step(pieces: Tensor) -> Tensor:
        watch.step(pieces.shape[1] - 1, model.caption_length)
        logits = model.caption_following(memory, pieces.to(model.device))
        return logits.float().log_softmax(dim=-1).cpu()

    return beam_search(step, start, model.caption_end, model.caption_length, width)


def _caption(model: CaptionModel, memory: object, start: int, beam: Beam, score: float, frame: Frame) -> Caption:
    maps = written_maps(model, memory, start, beam.pieces).cpu().numpy()
    probabilities = np.exp(np.array(beam.log_probabilities[: len(beam.pieces)]))
    tokens = model.caption_tokens(beam.pieces)
    is_sure = model.bounds is None or score >= model.bounds.low
    return Caption(tokens, probabilities, scaled(maps, model.grid), score, model.score_kind, frame, is_sure)


def written_maps(model: CaptionModel, memory: object, start: int, pieces: Sequence[int]) -> Tensor:
    """The attention ``[T, patches]`` from which each piece was written, averaged over layers and heads."""
    before = torch.tensor([[start, *pieces[:-1]]], device=model.device)
    with model.record({"text→image"}) as recording:
        model.caption_logits(memory, before)
    weights = torch.stack([layer[0].float().mean(dim=0) for layer in recording.of_kind("text→image")]).mean(dim=0)
    return weights[:, model.image_offset :]


def without_earlier(maps: np.ndarray, tokens: Tokens) -> np.ndarray:
    """Maps ``[T, h, w]`` of the pieces of a text, each without what earlier ones explain, scaled to a maximum of 1."""
    grid = (maps.shape[1], maps.shape[2])
    return scaled(without_interference(torch.from_numpy(maps.reshape(len(maps), -1)), tokens, grid).numpy(), grid)


def scaled(maps: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Maps ``[T, h, w]`` of ``maps [T, patches]``, each scaled to a maximum of 1."""
    images = maps.reshape(-1, *grid)
    return images / np.maximum(images.max(axis=(1, 2), keepdims=True), 1e-12)  # type: ignore[no-any-return]
