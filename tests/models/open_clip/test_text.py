"""What people write is text, for every tokenizer, whatever it calls special."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from open_clip.tokenizer import HFTokenizer, SimpleTokenizer
from tokenizers import Tokenizer
from tokenizers.models import Unigram, WordPiece
from tokenizers.normalizers import NFKC, BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, Metaspace
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.models.open_clip.text import BpeReader, HuggingFaceReader, Reader, _search, tokens_of

BERT = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[",
    "]",
    "sep",
    "cl",
    "##s",
    "mask",
    "un",
    "##k",
    "pad",
    "dog",
    "a",
]
SENTENCEPIECE = ["<s>", "<pad>", "</s>", "<unk>", "▁a", "▁dog", "dog", "▁", "<", ">", "/", "s", "▁<"]


def hugging_face(inner: Tokenizer, **special: Any) -> HuggingFaceReader:
    fast = PreTrainedTokenizerFast(tokenizer_object=inner, **special)
    return HuggingFaceReader(
        cast(HFTokenizer, SimpleNamespace(tokenizer=fast, clean_fn=str, strip_sep_token=False)), 64
    )


def bert() -> Reader:
    inner = Tokenizer(WordPiece({piece: i for i, piece in enumerate(BERT)}, unk_token="[UNK]"))
    inner.normalizer, inner.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    inner.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    special = {name + "_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    return hugging_face(inner, **special)


def sentencepiece() -> Reader:
    """Its special tokens are pieces of its own vocabulary too, and of its normal text."""
    inner = Tokenizer(Unigram([(piece, -0.1 * i) for i, piece in enumerate(SENTENCEPIECE)], unk_id=3))
    inner.normalizer, inner.pre_tokenizer = NFKC(), Metaspace()
    inner.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return hugging_face(inner, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>")


def test_pieces_in_lower_case_are_found_in_the_text() -> None:
    spans = _search("A RED dog. two İ cats!", ["▁a", "▁", "re", "d", "▁dog", "▁two", "▁cat", "s", "nowhere"])
    assert spans == [(0, 1), (1, 1), (2, 4), (4, 5), (6, 9), (11, 14), (17, 20), (20, 21), (21, 22)]


@pytest.mark.parametrize("text", ["a [SEP] dog", "[CLS]dog[MASK] a", "dog [PAD][UNK] a"])
def test_special_tokens_of_bert_are_text(text: str) -> None:
    reader = bert()
    read = reader.read(text)
    assert not {0, 1, 2, 3, 4} & set(read.ids)
    assert "".join(text[start:end] for start, end in read.spans) == text.replace(" ", "")
    row, real = reader.row(read.ids)
    assert row[0] == 2 and row.index(3) == real - 1 and row.count(3) == 1


@pytest.mark.parametrize("text", ["a </s> dog", "dog</s> a", "<s>a<s> dog</s>", "a ＜/s＞ dog"])
def test_special_tokens_of_sentencepiece_are_text(text: str) -> None:
    reader = sentencepiece()
    read = reader.read(text)
    assert not {0, 1, 2} & set(read.ids)
    assert [text[start:end] for start, end in read.spans][-1] in ("dog", "a", ">")
    assert {index for start, end in read.spans for index in range(start, end)} >= {
        index for index, letter in enumerate(text) if letter != " "
    }
    row, real = reader.row(read.ids)
    assert row[0] == 0 and row.index(2) == real - 1 and row.count(2) == 1


@pytest.mark.parametrize(
    "text", ["a cat <end_of_text> and a dog", "a &lt;START_of_text&gt;<|endoftext|> dog", "a <pad> dog"]
)
def test_special_tokens_of_clip_are_text(text: str) -> None:
    tokenizer = SimpleTokenizer(additional_special_tokens=["<pad>"])
    reader = BpeReader(tokenizer, 77)
    tokens, read = tokens_of(reader, text), reader.read(text)
    assert not set(tokenizer.all_special_ids) & set(read.ids)
    assert "".join(tokens.text[start:end] for start, end in tokens.spans) == tokens.text.replace(" ", "")
    row, real = reader.row(read.ids)
    assert row.index(reader.end) == real - 1 and row.count(reader.end) == 1
    assert tokenizer.encode("a dog") == list(reader.read("a dog").ids)  # all other text is read as ever


@torch.no_grad()
def test_words_after_an_end_token_change_the_score(
    loaded: Callable[..., OpenClipDualEncoder], photo: ImageInput
) -> None:
    model = loaded("tiny-clip")
    features = model.encode_image(photo)
    texts = [model.encode_texts([f"a cat <end_of_text> and a {word}"]) for word in ("dog", "horse")]
    first, second = (float(model.score(features, text, MATCH)) for text in texts)
    assert abs(first - second) > 1e-4
    # The words "<", "end" and so on are what a tokenizer without special tokens reads.
    apart = model.encode_texts(["a cat < end _ of _ text > and a dog"])
    assert texts[0].ids.tolist() == apart.ids.tolist()
