"""How close generated captions come to those that people wrote."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

from torch import Tensor
from torchmetrics.text import BLEUScore

from vtviz.chinese import RUN
from vtviz.evaluation.split import Row
from vtviz.inputs import split_words
from vtviz.models.base import CaptionModel
from vtviz.tasks.caption import caption_text
from vtviz.watch import Watch

ORDERS = range(1, 5)
SIGMA = 6.0

Ngrams = Counter[tuple[str, ...]]


def caption_figures(
    model: CaptionModel,
    features: Sequence[Tensor],
    rows: Sequence[Row],
    watch: Watch,
    written: Sequence[str] | None = None,
) -> dict[str, Any]:
    """BLEU-1 and BLEU-4 (0..1) and CIDEr-D (0..10) of the best caption of each photo against all of its captions, which
    the model writes here unless they are ``written``."""
    if written is None:
        captions = [caption_text(model, photo) for photo in watch.follow("captions", features)]
    else:
        captions = list(written)
    references = [row["captions"] for row in rows]
    return {
        "bleu1": bleu(captions, references, 1),
        "bleu4": bleu(captions, references),
        "cider": cider(captions, references),
        "photos": len(captions),
        "different": len(set(captions)),
    }


def caption_words(text: str) -> list[str]:
    """The words of a caption in lower case, without punctuation; each Chinese or Japanese character is a word."""
    words = [word.text.lower().replace("’", "'") for word in split_words(unicodedata.normalize("NFC", text))]
    apart = [part for word in words for part in (word if RUN.fullmatch(word) else [word])]
    return [word for word in apart if any(character.isalnum() for character in word)]


def bleu(candidates: Sequence[str], references: Sequence[Sequence[str]], order: int = 4) -> float:
    """Corpus BLEU up to n-grams of ``order`` (Papineni et al., ACL 2002), 0..1."""
    metric = BLEUScore(n_gram=order)
    metric.update(
        [" ".join(caption_words(candidate)) for candidate in candidates],
        [[" ".join(caption_words(reference)) for reference in own] for own in references],
    )
    return float(metric.compute())


def cider(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """CIDEr-D (Vedantam, Zitnick and Parikh, CVPR 2015), on the scale of its reference code: each photo up to 10.

    The fewer photos have an n-gram in their references, the more it weighs; so CIDEr needs more than one photo.
    """
    counted = [_ngrams(candidate) for candidate in candidates]
    known = [[_ngrams(reference) for reference in own] for own in references]
    photos_with = Counter(chain.from_iterable(set(chain.from_iterable(own)) for own in known))
    total = math.log(len(known))
    scores = []
    for candidate, own in zip(counted, known, strict=True):
        similar = [_similarity(candidate, reference, photos_with, total) for reference in own]
        scores.append(10.0 * sum(similar) / len(similar))
    return sum(scores) / len(scores)


def _ngrams(text: str) -> Ngrams:
    words = caption_words(text)
    return Counter(tuple(words[i : i + n]) for n in ORDERS for i in range(len(words) - n + 1))


def _similarity(candidate: Ngrams, reference: Ngrams, photos_with: Ngrams, total: float) -> float:
    """Mean over n of the clipped cosine of both texts' weighted n-grams, less where their lengths differ."""

    def weight(ngram: tuple[str, ...]) -> float:
        return total - math.log(max(photos_with[ngram], 1))

    penalty = math.exp(-((_length(candidate) - _length(reference)) ** 2) / (2 * SIGMA**2))
    cosines = 0.0
    for n in ORDERS:
        mine, theirs = ({g: c for g, c in ngrams.items() if len(g) == n} for ngrams in (candidate, reference))
        norms = [math.sqrt(sum((c * weight(g)) ** 2 for g, c in ngrams.items())) for ngrams in (mine, theirs)]
        if all(norms):
            shared = sum(min(c, theirs[g]) * theirs[g] * weight(g) ** 2 for g, c in mine.items() if g in theirs)
            cosines += shared / (norms[0] * norms[1])
    return penalty * cosines / len(ORDERS)


def _length(ngrams: Ngrams) -> int:
    return sum(count for ngram, count in ngrams.items() if len(ngram) == 1)
