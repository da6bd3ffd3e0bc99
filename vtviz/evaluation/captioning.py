"""How close generated captions come to those that people wrote."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain

from torchmetrics.text import BLEUScore

ORDERS = range(1, 5)
SIGMA = 6.0


def caption_words(text: str) -> list[str]:
    """The words of a caption in lower case, without marks."""
    return re.findall(r"[a-z0-9]+(?:['-][a-z0-9]+)*", text.lower())


def bleu(candidates: Sequence[str], references: Sequence[Sequence[str]], order: int = 4) -> float:
    """Corpus BLEU up to n-grams of ``order`` (Papineni et al., ACL 2002), 0..1."""
    metric = BLEUScore(n_gram=order)
    metric.update(
        [" ".join(caption_words(each)) for each in candidates],
        [[" ".join(caption_words(each)) for each in own] for own in references],
    )
    return float(metric.compute())


def cider(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """CIDEr-D (Vedantam, Zitnick and Parikh, CVPR 2015), on the scale of its reference code: each photo up to 10.

    The n-grams are weighted by how few photos' references hold them; so it needs more than one photo.
    """
    counted = [_ngrams(each) for each in candidates]
    known = [[_ngrams(each) for each in own] for own in references]
    holders = Counter(chain.from_iterable(set(chain.from_iterable(own)) for own in known))
    total = math.log(len(known))
    scores = []
    for candidate, own in zip(counted, known, strict=True):
        similar = [_similarity(candidate, reference, holders, total) for reference in own]
        scores.append(10.0 * sum(similar) / len(similar))
    return sum(scores) / len(scores)


def _ngrams(text: str) -> Counter[tuple[str, ...]]:
    words = caption_words(text)
    return Counter(tuple(words[i : i + n]) for n in ORDERS for i in range(len(words) - n + 1))


def _similarity(
    candidate: Counter[tuple[str, ...]],
    reference: Counter[tuple[str, ...]],
    holders: Counter[tuple[str, ...]],
    total: float,
) -> float:
    """Mean over n of the clipped cosine of both texts' weighted n-grams, less where their lengths differ."""

    def weight(ngram: tuple[str, ...]) -> float:
        return total - math.log(max(holders[ngram], 1))

    penalty = math.exp(-((_length(candidate) - _length(reference)) ** 2) / (2 * SIGMA**2))
    found = 0.0
    for n in ORDERS:
        mine, theirs = ({g: c for g, c in each.items() if len(g) == n} for each in (candidate, reference))
        norms = [math.sqrt(sum((c * weight(g)) ** 2 for g, c in each.items())) for each in (mine, theirs)]
        if all(norms):
            shared = sum(min(c, theirs[g]) * theirs[g] * weight(g) ** 2 for g, c in mine.items() if g in theirs)
            found += shared / (norms[0] * norms[1])
    return penalty * found / len(ORDERS)


def _length(ngrams: Counter[tuple[str, ...]]) -> int:
    return sum(count for ngram, count in ngrams.items() if len(ngram) == 1)
