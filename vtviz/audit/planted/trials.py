"""Planting: for each kind of cause, photos and texts in which it is known what moves the model's answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch

from vtviz.attribution.case import Case
from vtviz.audit.planted.carriers import (
    Carrier,
    collage,
    marked,
    photo_of,
    place_of_mark,
    samples,
    scenes,
    tile_box,
)
from vtviz.audit.planted.shortcut import with_shortcut
from vtviz.audit.rows.row import in_frame, target_of
from vtviz.chinese import Language, language_of
from vtviz.inputs import ImageInput, InputError
from vtviz.metrics.localisation import Box, inside
from vtviz.models.base import FusionModel
from vtviz.vocabulary import everyday_nouns, kinds, with_article
from vtviz.watch import Watch

Kind = Literal["watermark", "swap", "distractor"]
PLANTED: tuple[Kind, ...] = get_args(Kind)
IN_PHOTO: tuple[Kind, ...] = ("watermark", "swap")
TOOK = 0.5  # standard deviations by which a planted cause has to move the answer
SCENES = 11  # that the copy learns the watermark on, beside the samples
WORDS = 6  # tried as a distractor before a text is given up
SPREAD_OF = 16  # photos by which the spread of the model's answers is measured


def learnt_on(language: Language) -> int:
    """How many photos the copy learns the watermark on."""
    return len(samples(language)) + SCENES


@dataclass(frozen=True)
class Trial:
    """A photo and text whose cause is known: ``cause`` is True for the patches, row by row, or the words that moved the
    answer, by ``moved`` standard deviations."""

    case: Case
    cause: np.ndarray
    moved: float


class Planter:
    """Plants causes for one model.

    Args:
        model: asked, and copied; it is not changed.
        carriers: photos and texts to plant in, at least two.
        seed: of places and words.
        watch: asked between passes whether to go on.
    """

    def __init__(self, model: FusionModel, carriers: Sequence[Carrier], seed: int, watch: Watch) -> None:
        self.model, self.carriers, self.seed, self.watch = model, carriers, seed, watch
        self.target = target_of(model)
        self.language: Language = language_of(carriers[0].text)
        self.spread = self._spread()

    def plant(self, kind: Kind, count: int) -> Iterator[Trial | None]:
        """``count`` trials of a kind; None for each whose cause did not move the answer.

        Raises:
            ModelError: if the model cannot be given a shortcut.
        """
        rng = np.random.default_rng([self.seed, PLANTED.index(kind)])
        return {"watermark": self._watermarks, "swap": self._swaps, "distractor": self._distractors}[kind](rng, count)

    def _watermarks(self, rng: np.random.Generator, count: int) -> Iterator[Trial | None]:
        """The mark raises a word in a copy of the model."""
        texts = self._two_words(rng)
        photos = [*samples(self.language), *scenes(SCENES, self.seed)]  # as many as learnt_on says
        twin = with_shortcut(self.model, self.target, photos, texts, self.spread, self.seed, self.watch)
        for index in range(count):
            carrier, box = self.carriers[index % len(self.carriers)], place_of_mark(self.model.grid, rng)
            image = photo_of(marked(carrier.pixels, box))
            moved = self._ask(twin, image, texts[0]) - self._ask(twin, carrier.image, texts[0])
            yield self._in_photo(twin, image, texts[0], box, moved)

    def _swaps(self, rng: np.random.Generator, count: int) -> Iterator[Trial | None]:
        """Of four photos, the one that the text is about is swapped for another."""
        for index in range(count):
            carrier, place = self.carriers[index % len(self.carriers)], int(rng.integers(4))
            others = [other.pixels for other in self._others(carrier)]
            drawn = [others[item] for item in rng.choice(len(others), 4, replace=len(others) < 4)]
            before, after = list(drawn), list(drawn)
            before[place], after[place] = carrier.pixels, drawn[place]
            image = photo_of(collage(before))
            moved = self._ask(self.model, image, carrier.text) - self._ask(
                self.model, photo_of(collage(after)), carrier.text
            )
            yield self._in_photo(self.model, image, carrier.text, tile_box(place), moved)

    def _distractors(self, rng: np.random.Generator, count: int) -> Iterator[Trial | None]:
        """A word that does not belong there lowers the answer."""
        nouns = self._nouns()
        for index in range(count):
            carrier = self.carriers[index % len(self.carriers)]
            before = self._ask(self.model, carrier.image, carrier.text)
            yield next(
                (
                    trial
                    for noun in rng.choice(nouns, WORDS, replace=False).tolist()
                    if (trial := self._distractor(carrier, noun, before, rng)) is not None
                ),
                None,
            )

    def _distractor(self, carrier: Carrier, noun: str, before: float, rng: np.random.Generator) -> Trial | None:
        words = self.model.tokenize(carrier.text).words
        place = int(rng.integers(len(words) + 1))
        start = words[place].start if place < len(words) else len(carrier.text)
        gap = "" if self.language == "zh" else " "
        lead = gap if place == len(words) else ""
        text = f"{carrier.text[:start]}{lead}{noun}{gap}{carrier.text[start:]}".strip()
        case = Case(self.model, carrier.image, [text], self.target)
        tokens = case.tokens[0]
        read = [index for index, word in enumerate(tokens.words) if word.text == noun]
        if len(read) != 1 or read[0] not in tokens.word_of or tokens.truncated:  # joined to its neighbours, or not read
            return None
        moved = (before - self._ask(self.model, carrier.image, text)) / self.spread
        return Trial(case, np.arange(len(tokens.words)) == read[0], moved) if moved >= TOOK else None

    def _in_photo(self, model: FusionModel, image: ImageInput, text: str, box: Box, moved: float) -> Trial | None:
        cause = inside(in_frame((box,), model.frame(image)), model.grid).ravel() >= 0.5
        if moved / self.spread < TOOK or not cause.any():
            return None
        return Trial(Case(model, image, [text], self.target), cause, moved / self.spread)

    def _others(self, carrier: Carrier) -> list[Carrier]:
        return [other for other in self.carriers if other is not carrier]

    def _nouns(self) -> list[str]:
        """Words for things that no text of the carriers names."""
        read = " ".join(carrier.text.lower() for carrier in self.carriers)
        known = [noun for group in kinds().values() for noun in group]
        words = known if self.language == "en" else [everyday_nouns()[noun] for noun in known]
        return [word for word in words if word not in read and " " not in word]

    def _two_words(self, rng: np.random.Generator) -> tuple[str, str]:
        """Texts about two things that no photo is said to show."""
        first, second = rng.choice(self._nouns(), 2, replace=False).tolist()
        if self.language == "zh":
            return f"一张{first}的照片", f"一张{second}的照片"
        return f"a photo of {with_article(first)}", f"a photo of {with_article(second)}"

    @torch.no_grad()
    def _ask(self, model: FusionModel, image: ImageInput, text: str) -> float:
        """The target itself, not as it is shown, where probabilities near 0 and 1 hide what moves."""
        self.watch.check()
        features = model.encode_pixels(model.pixels(image)).float()
        return float(model.score(features, model.encode_texts([text]), self.target)[0])

    def _spread(self) -> float:
        """The standard deviation of the target over photos with their own and with other texts."""
        some = self.carriers[:SPREAD_OF]
        answers = [
            self._ask(self.model, carrier.image, text)
            for index, carrier in enumerate(some)
            for text in (carrier.text, some[(index + 1) % len(some)].text)
        ]
        spread = float(np.std(answers))
        if not spread > 0:
            raise InputError("The model gives every photo and text the same score, so no cause can be planted.")
        return spread
