"""A tokenizer grown by Chinese pieces, and the vectors that these start with."""

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.text import VOCABULARY
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon
from vtviz.training.vtviz_base.data.texts.pieces import grow_tokenizer, start_vectors

SIZES = NetworkConfig(image_size=64, width=16, heads=2, text_layers=1, fusion_blocks=1, joint_layers=1)


def tokenizer() -> Tokenizer:
    names = ["[UNK]", "dog", "runs", "red", "狗", "."]
    vocabulary = {name: number for number, name in enumerate(names)}
    vocabulary |= {f"[unused{number}]": number for number in range(len(names), VOCABULARY)}
    made = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = BertNormalizer(), BertPreTokenizer()  # type: ignore[assignment]
    return made


def test_the_longest_piece_is_taken_and_english_stays_as_it_was() -> None:
    old = tokenizer()
    grown = grow_tokenizer(tokenizer(), ["狗", "小狗", "红色"])
    text = "一小狗runs, 红色dog 狗."
    encoded = grown.encode(text)
    assert encoded.tokens == ["[UNK]", "小狗", "runs", "[UNK]", "红色", "dog", "狗", "."]
    assert [text[a:b] for a, b in encoded.offsets] == ["一", "小狗", "runs", ",", "红色", "dog", "狗", "."]
    assert encoded.ids[encoded.tokens.index("狗")] == VOCABULARY, "MiniLM's own 狗 is not taken"
    assert grown.encode("Dog runs red.").ids == old.encode("Dog runs red.").ids
    again = Tokenizer.from_str(grown.to_str())
    assert again.encode(text).ids == encoded.ids


def test_vectors_start_as_those_of_the_translations() -> None:
    torch.manual_seed(0)
    network, made = FusionNetwork(SIZES), tokenizer()
    pieces = ["小", "小狗", "狗", "红色", "空"]
    grown = grow_tokenizer(made, pieces)
    lexicon = Lexicon({}, {"小狗": {"dog": 0.6, "runs": 0.2}, "红色": {"red": 0.5}})
    found = start_vectors(network, grown, pieces, lexicon).numpy()
    dog, runs, red = network.text_tower.words.weight.detach().numpy()[[1, 2, 3]]
    small_dog = (0.6 * dog + 0.2 * runs) / 0.8
    np.testing.assert_allclose(found[1], small_dog, rtol=1e-5)
    np.testing.assert_allclose(found[0], small_dog, rtol=1e-5)  # the only word with this character
    np.testing.assert_allclose(found[2], small_dog, rtol=1e-5)
    np.testing.assert_allclose(found[3], red, rtol=1e-5)
    np.testing.assert_allclose(found[4], (small_dog + red) / 2, rtol=1e-5)
