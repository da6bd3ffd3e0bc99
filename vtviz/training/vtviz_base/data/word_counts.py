"""How often each word occurs in the training texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from vtviz.evaluation.questions import PHRASINGS
from vtviz.evaluation.split import Row
from vtviz.training.vtviz_base.data.everyday_names import everyday_names
from vtviz.training.vtviz_base.data.items import naming

NAMED_TIMES = 5  # every photo of a named thing is part of several composed scenes too


def word_counts(rows: Sequence[Row], classes: Sequence[Row], answers: Sequence[str]) -> dict[str, int]:
    """Counts of the words of all captions; names of things, and words of questions and answers, count as often as
    training shows them at least."""
    counts = Counter(word for row in rows for caption in row["captions"] for word in _words(caption))
    everyday = everyday_names()
    for row in classes:
        for word in {word for name in naming(row["names"], everyday.get(row["class"], [])) for word in _words(name)}:
            counts[word] += NAMED_TIMES
    asked = [phrasing.replace("{thing}", "") for phrasings in PHRASINGS.values() for phrasing in phrasings]
    for word in {word for text in [*asked, *answers] for word in _words(text)}:
        counts[word] += NAMED_TIMES
    return dict(sorted(counts.items()))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())
