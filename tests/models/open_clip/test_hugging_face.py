"""Text towers of transformers, tiny and random: BERT, XLM-R and mT5 with a tokenizer of their own."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, MT5Config, PreTrainedTokenizerFast, XLMRobertaConfig

from tests.models.changes import CHANGES_NOTHING, check_changes, multiplied, parameters
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.models.open_clip.family import load

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁a", "▁dog", "▁two", "▁cat", "s", "▁", "一", "只", "猫", "狗", ","]
SMALL = {"vocab_size": len(PIECES), "pad_token_id": 1, "max_position_embeddings": 40}
ENCODER = {**SMALL, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
TOWERS = {
    "bert": (BertConfig(**ENCODER), "cls_last_hidden_state_pooler"),
    "xlm": (XLMRobertaConfig(**ENCODER), "mean_pooler"),
    "mt5": (
        MT5Config(vocab_size=len(PIECES), pad_token_id=1, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2),
        None,
    ),
}
VISION = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}


def tokenizer(folder: Path) -> None:
    inner = Tokenizer(Unigram([(piece, -float(i)) for i, piece in enumerate(PIECES)], unk_id=3))
    inner.pre_tokenizer = Metaspace()
    inner.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=inner, **special).save_pretrained(folder)


@pytest.fixture(scope="module", params=list(TOWERS))
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenClipDualEncoder:
    folder = tmp_path_factory.mktemp(request.param)
    config, pooler = TOWERS[request.param]
    config.save_pretrained(folder / "tower")
    text = {"hf_model_name": str(folder / "tower"), "hf_tokenizer_name": str(folder), "hf_proj_type": "linear"}
    text |= {"context_length": 20} | ({"hf_pooler_type": pooler} if pooler else {"hf_pooler_type": "mean_pooler"})
    described = {"embed_dim": 24, "vision_cfg": VISION, "text_cfg": text}
    (folder / f"tiny-{request.param}.json").write_text(json.dumps(described))
    open_clip.add_model_config(folder / f"tiny-{request.param}.json")
    torch.manual_seed(0)
    network = open_clip.create_model(f"tiny-{request.param}", pretrained_text=False)
    (folder / "weights").mkdir()
    tokenizer(folder / "weights")
    tokenizer(folder)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    save_file(state, folder / "weights" / "model.safetensors")
    loaded = load(f"open_clip:tiny-{request.param}@{folder / 'weights'}", torch.device("cpu"))
    assert loaded is not None
    return loaded


@pytest.fixture
def photo() -> ImageInput:
    return ImageInput(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8), "0" * 64)


def test_recording_changes_nothing_and_gradients_flow(model: OpenClipDualEncoder, photo: ImageInput) -> None:
    text = "a dog, two cats"
    features, encoded = model.encode_image(photo), model.encode_texts([text])
    with torch.no_grad():
        padded = model.reader.tokenizer([text], context_length=20)  # type: ignore[attr-defined]
        words = model.network.encode_text(padded, normalize=True)
        plain = (model.network.encode_image(model.pixels(photo), normalize=True) * words).sum()
    before = model.network.text.transformer.config._attn_implementation
    with torch.enable_grad(), model.record({"text"}) as recording:
        value = model.score(features, encoded, MATCH)
    assert model.network.text.transformer.config._attn_implementation == before
    torch.testing.assert_close(value[0].detach(), plain, atol=1e-6, rtol=0)
    weights = recording.of_kind("text")
    assert len(weights) == 2 and weights[0].shape == (1, 2, encoded.ids.shape[1], encoded.ids.shape[1])
    torch.testing.assert_close(weights[0].sum(dim=-1), torch.ones(weights[0].shape[:-1]), atol=1e-5, rtol=0)
    assert all(float(each.abs().max()) > 0 for each in torch.autograd.grad(value.sum(), weights))


@torch.no_grad()
def test_changed_attention_reaches_the_score(model: OpenClipDualEncoder, photo: ImageInput) -> None:
    features, texts = model.encode_image(photo), model.encode_texts(["a dog, two cats", "a dog"])
    with model.record({"text"}) as recording:
        model.score(features, texts, MATCH)
    name = recording.layers[-1].name
    module = model.network.get_submodule(name)
    if type(module).__name__ != "MT5Attention":
        check_changes(lambda: model.score(features, texts, MATCH), model.record, module, name)
        return
    plain = model.score(features, texts, MATCH)  # a bias makes its scores unequal even without queries
    for change in CHANGES_NOTHING:
        with model.record((), change):
            assert torch.equal(model.score(features, texts, MATCH), plain)
    with multiplied(parameters(module, 2), 3):
        wanted = model.score(features, texts, MATCH)
    with model.record((), lambda layer, weights: 3 * weights if layer == name else None):
        found = model.score(features, texts, MATCH)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)
    assert (wanted - plain).abs().max() > 1e-4


@torch.no_grad()
def test_another_thread_runs_as_ever(model: OpenClipDualEncoder, photo: ImageInput) -> None:
    features, texts, found = model.encode_image(photo), model.encode_texts(["a dog, two cats"]), []
    plain = model.score(features, texts, MATCH)

    def run() -> None:
        with torch.no_grad():
            found.append(model.score(features, texts, MATCH))

    with model.record((), lambda name, weights: torch.zeros_like(weights)):
        other = threading.Thread(target=run)
        other.start()
        other.join()
    assert torch.equal(found[0], plain)


def test_pieces_lie_on_their_characters(model: OpenClipDualEncoder) -> None:
    tokens = model.tokenize("a dog, two  cats")
    assert [tokens.text[a:b] for a, b in tokens.spans] == ["a", "dog", ",", "two", "cat", "s"]
    assert [word.text for word in tokens.words] == ["a", "dog", ",", "two", "cats"]
    chinese = model.tokenize("一只猫")
    assert [chinese.text[a:b] for a, b in chinese.spans if chinese.text[a:b]][-3:] == ["一", "只", "猫"]
    assert [word.text for word in chinese.words] == ["一只", "猫"]
    assert model.reader.starts(model.reader.read("一只猫 dog").ids) == [0, 2, 3, 4]
    assert model.tokenize("dog " * 40).truncated
    text = model.encode_texts(["a dog"])
    kept = model.keep_pieces(text, torch.tensor([[True, False], [True, True]]))
    assert torch.equal(kept.ids[1], text.ids[0]) and int(kept.mask[0].sum()) == int(text.mask[0].sum()) - 1


def test_without_transformers_the_message_names_it(model: OpenClipDualEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    from vtviz.models.base import ModelError
    from vtviz.models.open_clip.loading import load as loading

    def missing(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'transformers'", name="transformers")

    monkeypatch.setattr(loading, "HFTokenizer", missing)
    with pytest.raises(ModelError, match="pip install 'transformers"):
        load(model.name, torch.device("cpu"))
