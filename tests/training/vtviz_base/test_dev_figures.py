"""Quick dev figures on a tiny network and two made-up photos."""

from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace

from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.training.vtviz_base.dev_figures import DevFigures

SIZES = NetworkConfig(image_size=64, width=16, heads=2, text_layers=1, fusion_blocks=2, joint_layers=1)


def test_small_things_count_where_the_first_block_looks(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = FusionNetwork(SIZES).eval()
    phrase = {"caption": 0, "start": 0, "end": 5, "text": "a cup", "kind": ["other"], "boxes": [[0, 0, 0.25, 0.25]]}
    rows = [{"captions": ["a cup"], "phrases": [phrase]}, {"captions": ["a dog"], "phrases": []}]
    features = np.random.default_rng(0).normal(size=(2, 16, network.backbone.channels)).astype(np.float16)
    np.save(tmp_path / "dev-0.npy", features)
    words = {word: number for number, word in enumerate(["[UNK]", "a", "photo", "of", "cup", "dog", "."])}
    tokenizer = Tokenizer(WordPiece(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()  # type: ignore[assignment]
    dev_figures = DevFigures(rows, tmp_path, tokenizer, SIZES.side)

    block = network.blocks[0].text.attention
    encoded = tokenizer.encode("a photo of a cup.")
    with torch.inference_mode():
        text = network.encode_text(
            torch.tensor([encoded.ids]), torch.ones(1, len(encoded.ids), dtype=torch.bool)
        ).tokens
        image = network.encode_patches(torch.from_numpy(features[:1].astype(np.float32))).tokens
        queries = block._split(block.query(network.blocks[0].text_norm(text)))
        keys = block._split(block.key(network.blocks[0].image_norm(image)))
        cup = (queries @ keys.transpose(-1, -2) / 8**0.5).softmax(dim=-1).mean(dim=1)[0, encoded.tokens.index("cup")]
    assert dev_figures.measure(network)["pointing small"] == float(cup.argmax() == 0)
    dev_figures.small[0]["phrases"][0]["boxes"] = [[0, 0, 1, 1]]
    assert dev_figures.measure(network)["pointing small"] == 1.0
