"""What every stage of a training reads: the photos' texts in both languages, and the pieces they are written with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vtviz.evaluation.split import Row, read_rows
from vtviz.training.vtviz_base.data.texts.chinese import join_chinese, learn, new_pieces
from vtviz.training.vtviz_base.data.texts.everyday_chinese import CLASS_CHINESE, EVERYDAY_CHINESE
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon
from vtviz.training.vtviz_base.data.texts.named_texts import chinese_words
from vtviz.watch import Watch


@dataclass(frozen=True)
class Material:
    """The training photos, and the dev photos (``dev``), each with its Chinese sentences; without any, ``chinese`` and
    ``lexicon`` are None and there are no ``pieces``."""

    rows: list[Row]
    chinese: list[Row] | None
    dev: list[Row]
    dev_chinese: list[Row] | None
    lexicon: Lexicon | None
    pieces: list[str]


def read_material(data: Path, data_zh: Path | None, cache: Path, watch: Watch) -> Material:
    """Reads the texts, and learns the words' translations from the training split, once."""
    rows, dev = read_rows(data / "train.jsonl"), read_rows(data / "dev.jsonl")
    if data_zh is None:
        return Material(rows, None, dev, None, None, [])
    chinese, dev_chinese = join_chinese(rows, data_zh, "train"), join_chinese(dev, data_zh, "dev")
    lexicon = learn(rows, chinese, cache, watch)
    texts = [text for row in chinese for text in (*row["written"], *row["translated"]) if text]
    named = [word for words in (*EVERYDAY_CHINESE.values(), *CLASS_CHINESE.values()) for word in words]
    return Material(rows, chinese, dev, dev_chinese, lexicon, new_pieces(texts, chinese_words(named)))
