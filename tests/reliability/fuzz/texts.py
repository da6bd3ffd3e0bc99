"""Texts of every script and of none, with what tokenizers and Markdown take for their own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache, partial

import open_clip

from tests.reliability.fuzz.running import Read
from vtviz.inputs import InputError, check_text, split_words
from vtviz.models.open_clip.text import BpeReader, tokens_of
from vtviz.models.vtviz_base.family import FOLDER, load_folder
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.sentences import translated
from vtviz.ui.frame.language import plain

PARTS = (
    *(
        "[SEP]",
        "[CLS]",
        "[PAD]",
        "[MASK]",
        "[UNK]",
        "<end_of_text>",
        "<|endoftext|>",
        "</s>",
        "&lt;",
        "&#x202e;",
        "&amp;amp;",
    ),
    *("a dog", "isn't", "3.14", "1,000", "10:30", "U.S.", "e-mail@x.org", "#tag", "http://a.b/c", "![x](http://a.b)"),
    *("狗", "一只狗", "カタカナ", "한국어", "हिन्दी", "العربية", "e\u0301", "ß", "ﬁ", "İ", "ǆ", "½", "㎏", "Ⅷ", "𝔘𝔫"),
    *("👩‍👩‍👧", "🇩🇪", "❤️", "\u200d", "\u200b", "\u202e", "\ufeff", "\u00ad", "\u2028", "\x00", "\x1b[31m", "\ud800"),
    *(
        "'",
        "’",
        "-",
        ".",
        ",",
        "@",
        "#",
        "<b>",
        "$x$",
        "`",
        "|",
        "\t",
        "\n",
        "  ",
        "\u3000",
        "\u0301" * 30,
        "\U000e0041",
    ),
    *("a" * 300, "a." * 60, "@" * 40, "1," * 60, " cannot be read: ", "The photo ", "x" * 1900),
)


@cache
def base() -> VtvizBase:
    """The packaged model: its own tokenizer and vocabulary are read, its network is not run."""
    return load_folder(FOLDER)


@cache
def clip() -> BpeReader:
    """CLIP's tokenizer."""
    return BpeReader(open_clip.get_tokenizer("ViT-B-32"), 77)


def cases(rng: random.Random) -> Iterator[Read]:
    """What is done with texts."""
    yield partial(_read, "a dog")  # which loads the models
    while True:
        count = rng.choice((1, 2, 3, 8, 30, 200))
        parts = [rng.choice(PARTS) if rng.random() < 0.8 else chr(rng.randrange(0x110000)) for _ in range(count)]
        yield partial(_read, rng.choice(("", " ")).join(parts))


def _read(text: str) -> object:
    plain(text)
    translated(text, "zh")
    checked = check_text(text)
    words = split_words(checked)
    assert all(checked[word.start : word.end] == word.text for word in words)
    model = base()
    tokens = model.tokenize(text)
    assert (
        len(tokens.pieces) == len(tokens.word_of) and len(model.encode_texts([text]).ids[0]) == len(tokens.pieces) + 2
    )
    special = {model.tokenizer.token_to_id(piece) for piece in ("[SEP]", "[CLS]", "[PAD]", "[MASK]")}
    assert not special & set(model.encode_texts([text]).ids[0, 1:-1].tolist())
    model.unknown_words([word.text for word in tokens.words])
    try:
        return tokens_of(clip(), text)
    except InputError:  # CLIP cleans more away
        return tokens
