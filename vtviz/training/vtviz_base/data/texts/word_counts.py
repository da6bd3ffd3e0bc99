"""How often each word occurs in the training texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from vtviz.chinese import RUN
from vtviz.evaluation.questions import PHRASINGS
from vtviz.evaluation.split import Row
from vtviz.inputs import split_words
from vtviz.training.vtviz_base.data.named import naming
from vtviz.training.vtviz_base.data.texts.everyday_chinese import chinese_names
from vtviz.training.vtviz_base.data.texts.everyday_names import everyday_names
from vtviz.training.vtviz_base.data.texts.head_texts import ASKED, NAMED
from vtviz.training.vtviz_base.data.texts.named_texts import chinese_words

THINGS = ("猫", "汽车")  # stand for any, so that words are cut as they are beside one
NAMED_TIMES = 5  # every photo of a named thing is part of several composed scenes too


def word_counts(
    rows: Sequence[Row], classes: Sequence[Row], answers: Sequence[str], chinese: Sequence[Row] | None = None
) -> dict[str, int]:
    """Counts of the words of all captions; names of things, and words of questions and answers, count as often as
    training shows them at least."""
    counts = Counter(word for row in rows for caption in row["captions"] for word in _words(caption))
    everyday = everyday_names()
    for row in classes:
        for word in {word for name in naming(row["names"], everyday.get(row["class"], [])) for word in _words(name)}:
            counts[word] += NAMED_TIMES
    if chinese is not None:
        texts = [text for row in chinese for text in (*row["written"], *row["translated"]) if text]
        counts.update(word.text for text in texts for word in split_words(text) if RUN.fullmatch(word.text))
        named = [chinese_names(row["class"], everyday.get(row["class"], [])) for row in classes]
        for text in chinese_words([name for own in named for name in own]):
            for word in {word.text for word in split_words(text)}:
                counts[word] += NAMED_TIMES
        for word in _template_words():
            counts[word] += NAMED_TIMES
    asked = [phrasing.replace("{thing}", "") for phrasings in PHRASINGS.values() for phrasing in phrasings]
    for word in {word for text in [*asked, *answers] for word in _words(text)}:
        counts[word] += NAMED_TIMES
    return dict(sorted(counts.items()))


def _template_words() -> set[str]:
    """The Chinese words of the sentences and questions about things, but for the things."""
    templates = [*NAMED["zh"], *(asked for each in ASKED.values() for asked in each)]
    texts = [template.format(thing) for template in templates for thing in THINGS]
    return {word.text for text in texts for word in split_words(text) if RUN.fullmatch(word.text)} - set(THINGS)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())
