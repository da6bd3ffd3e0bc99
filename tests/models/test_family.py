"""vtviz-base around a small untrained network and a small tokenizer."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing

from tests.conftest import SIZES
from vtviz.inputs import ImageInput
from vtviz.models.base import ModelError
from vtviz.models.vtviz_base.family import load_folder
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.weights import save_weights

PHOTO = ImageInput(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8), "0" * 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "skate", "##boarder", "."]
    tokenizer = Tokenizer(WordPiece({piece: i for i, piece in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(vocabulary[:4])
    tokenizer.enable_truncation(8)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    network = FusionNetwork(SIZES)
    assert network.caption is not None
    network.caption.pieces.copy_(torch.tensor([2, 3, 1, 4, 5, 6, 7, 8]))
    save_weights(network.state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(
        json.dumps({"network": asdict(SIZES), "threshold": 0.4, "answers": ["no", "yes"], "answer_threshold": 0.3})
    )
    (folder / "vocabulary.json").write_text(json.dumps({"a": 9, "dog": 5, "skateboarder": 4}))
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> VtvizBase:
    return load_folder(folder)


def test_pieces_keep_their_place_in_the_text(model: VtvizBase) -> None:
    tokens = model.tokenize(" A skateboarder.")
    assert tokens.pieces == ("a", "skate", "##boarder", ".")
    assert [tokens.text[a:b] for a, b in tokens.spans] == ["A", "skate", "boarder", "."]
    assert tokens.word_of == (0, 1, 1, 2) and not tokens.truncated


def test_a_text_that_is_cut_says_so(model: VtvizBase) -> None:
    tokens = model.tokenize("a dog " * 10)
    assert tokens.truncated and len(tokens.pieces) == 6


@torch.no_grad()
def test_a_batch_agrees_with_single_answers(model: VtvizBase) -> None:
    features = model.encode_image(PHOTO)
    assert features.shape[1] == model.grid[0] * model.grid[1]
    texts = ["a dog", "a skateboarder ."]
    together = model.match_logits(features.expand(2, -1, -1), texts)
    alone = torch.cat([model.match_logits(features, [text]) for text in texts])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_the_threshold_comes_from_the_folder_and_parameters_are_frozen(model: VtvizBase) -> None:
    assert model.threshold == 0.4 and len(model.weights_sha256) == 64
    assert not any(parameter.requires_grad for parameter in model.network.parameters())


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"lacks model\.safetensors, config\.json, tokenizer\.json"):
        load_folder(tmp_path)


def test_weights_of_another_size_are_refused(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "config.json").write_text(json.dumps({"network": asdict(NetworkConfig()), "threshold": 0.5}))
    with pytest.raises(ModelError, match="do not belong together"):
        load_folder(tmp_path)


def test_words_that_training_hardly_showed_are_unknown(model: VtvizBase) -> None:
    assert model.unknown_words(["A", "dogs", "skateboarder", "zebra", "42", "."]) == (2, 3)


@torch.no_grad()
def test_special_tokens_in_a_text_are_text(model: VtvizBase) -> None:
    text = "a [SEP] dog"
    tokens, ids = model.tokenize(text), model.encode_texts([text]).ids[0].tolist()
    assert [tokens.text[start:end] for start, end in tokens.spans] == ["a", "[", "SEP", "]", "dog"]
    assert ids[0] == 2 and ids[-1] == 3 and not {0, 2, 3} & set(ids[1:-1])
    features = model.encode_image(PHOTO)
    with_dog, without = model.match_logits(features.expand(2, -1, -1), ["a [SEP] dog", "a [SEP] ."]).tolist()
    assert with_dog != without


def test_caption_pieces_become_a_text_with_their_places(model: VtvizBase) -> None:
    tokens = model.caption_tokens([3, 5, 6, 7])
    assert tokens.text == "A skateboarder."
    assert [tokens.text[a:b] for a, b in tokens.spans] == ["A", "skate", "boarder", "."]


@torch.no_grad()
def test_the_next_piece_depends_on_no_later_one(model: VtvizBase) -> None:
    memory = model.caption_memory(model.encode_image(PHOTO))
    short = model.caption_logits(memory, torch.tensor([[0, 3, 4]]))
    long = model.caption_logits(memory, torch.tensor([[0, 3, 4, 5, 6], [0, 3, 4, 7, 1]]))
    torch.testing.assert_close(long[:, :3], short.expand(2, -1, -1), atol=1e-5, rtol=1e-5)
    assert torch.isinf(short[..., [0, 2]]).all()


@torch.no_grad()
def test_questions_of_one_photo_do_not_influence_each_other(model: VtvizBase) -> None:
    features = model.encode_image(PHOTO)
    both = model.answer_logits(features, ["a dog", "a skateboarder."])
    alone = torch.cat([model.answer_logits(features, [text]) for text in ("a dog", "a skateboarder.")])
    torch.testing.assert_close(both, alone, atol=1e-5, rtol=1e-5)
