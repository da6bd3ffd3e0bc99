"""Which of the named things training shows, and which it keeps for calibration."""

from __future__ import annotations

from collections.abc import Sequence

from vtviz.evaluation.split import Row
from vtviz.training.vtviz_base.data.texts.everyday_names import everyday_names

NAME_VIEWS = 4  # of each named thing: the plain photo, and augmented ones
EVERY = 5  # class of an everyday word is held out
LEAST = 4  # classes of a word, or none of them is held out


def held_out(classes: Sequence[Row]) -> frozenset[int]:
    """Rows of ``classes`` that training never shows: breeds and makes of things that other classes show too.

    Their photos, with the everyday word for them, are as far from training as a stranger's photo of a known thing.
    """
    by_word: dict[str, list[int]] = {}
    everyday = everyday_names()
    for row, item in enumerate(classes):
        for word in everyday.get(item["class"], [])[:1]:
            by_word.setdefault(word, []).append(row)
    return frozenset(row for rows in by_word.values() if len(rows) >= LEAST for row in rows[EVERY - 2 :: EVERY])
