"""The third stage on a tiny network: the first block's words learn where to look, and nothing else changes."""

import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace

from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.training.loop import Schedule
from vtviz.training.vtviz_base.data.items import Items
from vtviz.training.vtviz_base.data.texts.photo_texts import PhotoTexts
from vtviz.training.vtviz_base.grounding import GroundingItems, GroundingTraining

SIZES = NetworkConfig(image_size=64, width=16, heads=2, text_layers=1, fusion_blocks=1, joint_layers=1)
WORDS = {word: number for number, word in enumerate(["[UNK]", "cup", "dog", "a", "photo", "of", "picture", "the"])}


def tokenizer() -> Tokenizer:
    made = Tokenizer(WordPiece(WORDS, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()  # type: ignore[assignment]
    return made


def items(network: FusionNetwork) -> Items:
    """Two photos, each with a cup in one corner, and no scenes."""
    made = Items.__new__(Items)
    made.side, made.tokenizer, made.named = 4, tokenizer(), None
    phrase = {"caption": 0, "start": 0, "end": 5, "text": "a cup", "kind": ["other"], "boxes": [[0, 0, 0.25, 0.25]]}
    made.rows = [{"captions": ["a cup"], "phrases": [phrase]}] * 2
    made.texts = PhotoTexts(made.rows, None, None, 4)
    made.views = [[{"crop": [0, 0, 1, 1], "flipped": False}] * 2]
    features = np.random.default_rng(0).normal(size=(2, 16, network.backbone.channels))
    made.features = {"train-0": features.astype(np.float16)}
    return made


def grounding_run(network: FusionNetwork, folder: Path, steps: int, resume: bool = False) -> GroundingTraining:
    figures = {"pointing layer 0": 0.0, "pointing small": 0.0}
    dev_figures: Any = SimpleNamespace(measure=lambda network: figures)
    schedule = Schedule(steps=steps, check_every=5)
    return GroundingTraining(network, tokenizer(), dev_figures, schedule, folder, resume, 0.02, {"answers": []})


def test_the_words_of_the_first_block_learn_where_to_look_and_nothing_else_changes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = FusionNetwork(SIZES)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    grounding = GroundingItems(items(network), network)
    run = grounding_run(network, tmp_path, 30)
    batches = grounding.batches(8, 0, 0)
    first = run.update(next(batches))["mass"]
    for _ in range(28):
        last = run.update(next(batches))["mass"]
    assert last < first - 0.2
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all(
        name.startswith(("blocks.0.text.attention.query", "blocks.0.text.attention.key")) for name in changed
    )
    run.run(batches)
    assert json.loads((tmp_path / "config.json").read_text())["network"]["width"] == 16


def test_a_killed_and_resumed_run_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    torch.manual_seed(0)
    start = FusionNetwork(SIZES).state_dict()

    def network() -> FusionNetwork:
        made = FusionNetwork(SIZES)
        made.load_state_dict(start)
        return made

    whole = grounding_run(network(), tmp_path / "whole", 10)
    whole.run(GroundingItems(items(whole.network), whole.network).batches(8, 0, 0))
    cut = grounding_run(network(), tmp_path / "cut", 10)
    batches = GroundingItems(items(cut.network), cut.network).batches(8, 0, 0)
    for _ in range(5):
        cut.update(next(batches))
    cut.check()
    cut.save()
    cut.update(next(batches))  # lost with the process
    resumed = grounding_run(network(), tmp_path / "cut", 10, resume=True)
    resumed.run(GroundingItems(items(resumed.network), resumed.network).batches(8, 0, resumed.step))
    for name, value in whole.network.state_dict().items():
        torch.testing.assert_close(resumed.network.state_dict()[name], value, atol=1e-6, rtol=1e-5, msg=name)


def test_patches_are_encoded_once_and_texts_name_things_with_their_boxes() -> None:
    torch.manual_seed(0)
    network = FusionNetwork(SIZES)
    source = items(network)
    features = torch.from_numpy(cast(np.ndarray, source.features["train-0"])[1:].astype(np.float32))
    grounding = GroundingItems(source, network)
    with torch.inference_mode():
        expected = network.eval().encode_patches(features).tokens[0].numpy()
    np.testing.assert_allclose(source.features["train-0"][1], expected, atol=2e-3)
    _, _, (text,) = grounding.draw("thing", random.Random(0))
    (phrase,) = text.phrases
    assert text.text[phrase.start : phrase.end].split()[-1] == "cup"
    assert phrase.region.argmax() == 0 and phrase.region.sum() == 1
