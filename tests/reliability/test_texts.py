"""Reported faults of tokenizers: what a person writes is text, and each piece knows its characters."""

from types import SimpleNamespace
from typing import Any

import open_clip
import pytest
from tokenizers import Tokenizer
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from vtviz.inputs import split_words
from vtviz.models.open_clip.text import BpeReader, HuggingFaceReader, tokens_of
from vtviz.models.vtviz_base.family import FOLDER
from vtviz.models.vtviz_base.model import VtvizBase


@pytest.fixture(scope="module")
def bpe() -> BpeReader:
    return BpeReader(open_clip.get_tokenizer("ViT-B-32"), 77)


@pytest.mark.parametrize("special", ["[SEP]", "[CLS]", "[PAD]", "[MASK]", "[UNK]"])
def test_a_special_token_in_a_text_is_characters_to_vtviz_base(tiny: VtvizBase, special: str) -> None:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    plain = tokenizer.token_to_id(special)
    model = VtvizBase(tiny.network, tokenizer, "", tiny.vocabulary, 0.5)
    tokens = model.tokenize(f"a dog {special} runs")
    assert special not in tokens.pieces
    written = [tokens.text[start:end] for start, end in tokens.spans]
    assert (written[0], written[-1]) == ("a", "runs") and "".join(written) == f"adog{special}runs"
    ids = model.encode_texts([f"a dog {special} runs"]).ids[0].tolist()
    assert plain not in ids[1:-1] and [ids[0], ids[-1]] == [
        tokenizer.token_to_id("[CLS]"),
        tokenizer.token_to_id("[SEP]"),
    ]


@pytest.mark.parametrize("written", ["<end_of_text>", "<start_of_text>", "<END_OF_TEXT>", "&lt;end_of_text&gt;"])
def test_a_special_token_in_a_text_is_characters_to_clip(bpe: BpeReader, written: str) -> None:
    """CLIP reads the text's vector at the highest id, which is the first end of text: the rest would count nothing."""
    pieces = bpe.read(f"a dog {written} on the moon")
    assert not {bpe.start, bpe.end} & set(pieces.ids)
    row, count = bpe.row(pieces.ids)
    assert row.index(max(row)) == count - 1
    assert [pieces.text[start:end] for start, end in pieces.spans][-3:] == ["on", "the", "moon"]


def test_other_texts_are_read_as_open_clip_reads_them(bpe: BpeReader) -> None:
    for text in ("a dog & a cat's <b>bed</b>", "café 12", "ＤＯＧ"):
        row, count = bpe.row(bpe.read(text).ids)
        assert row[:count] == bpe.tokenizer([text])[0][:count].tolist()


def test_a_special_token_in_a_text_ends_nothing_in_hugging_face_towers() -> None:
    """A vocabulary of SentencePiece holds its special tokens as pieces, so they have to be taken for unknown ones."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁a", "▁dog", "<", "/", "s", ">", "▁"]
    inner = Tokenizer(Unigram([(piece, -float(i)) for i, piece in enumerate(pieces)], unk_id=3))
    inner.pre_tokenizer = Metaspace()
    inner.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=inner, **special)
    outer: Any = SimpleNamespace(tokenizer=fast, clean_fn=str, strip_sep_token=False)
    tokens = tokens_of(HuggingFaceReader(outer, 20), "a </s> dog")
    assert "</s>" not in tokens.pieces and (tokens.pieces[0], tokens.pieces[-1]) == ("▁a", "▁dog")
    assert {tokens.text[start:end] for start, end in tokens.spans} >= {"a", "dog"}


def test_a_text_beyond_the_context_says_so(bpe: BpeReader) -> None:
    long, fits = tokens_of(bpe, "dog " * 100), tokens_of(bpe, "dog " * 75)
    assert long.truncated and len(long.pieces) == 75 and not fits.truncated
    row, count = bpe.row(bpe.read("dog " * 100).ids)
    assert (len(row), count, row[-1]) == (77, 77, bpe.end)


def test_pieces_of_emoji_and_expanded_letters_stand_for_their_characters(bpe: BpeReader) -> None:
    for text in ("a 👩‍👩‍👧 family ❤️", "İstanbul", "ﬁne ½ ㎏"):
        tokens = tokens_of(bpe, text)
        assert all(0 <= start < end <= len(tokens.text) for start, end in tokens.spans)
        assert [start for start, _ in tokens.spans] == sorted(start for start, _ in tokens.spans)


@pytest.mark.parametrize("text", ["e\u0301te\u0301", "हिन्दी"])
def test_a_letter_with_a_combining_mark_does_not_end_a_word(text: str) -> None:
    assert [word.text for word in split_words(f"{text} dog")] == [text, "dog"]
