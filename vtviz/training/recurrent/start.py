"""The network that training starts from: its words, their pretrained vectors, and the pretrained image features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor

from vtviz.evaluation.split import Row
from vtviz.models.recurrent.network import FIRST, NetworkConfig, RecurrentNetwork
from vtviz.models.recurrent.vocabulary import Words, count_words
from vtviz.models.recurrent.weights import BACKBONE, load_backbone
from vtviz.models.vtviz_base.text import VOCABULARY
from vtviz.models.vtviz_base.text import WIDTH as WORD_WIDTH
from vtviz.models.vtviz_base.weights import SCALES, TABLE, part_of_weights

RARE = 3  # times that a word occurs at least to be known; fewer in small data sets
CAPTIONS_PER_TIME = 1000


def start_network(rows: Sequence[Row], image_size: int, pool: int, width: int) -> tuple[RecurrentNetwork, Words, str]:
    """A network for the captions of ``rows``, their words, and the SHA-256 of its image features.

    The words' vectors start as those of vtviz-base, which began as MiniLM's.

    Raises:
        FileNotFoundError: if vtviz-base is not there.
    """
    captions = [caption for row in rows for caption in row["captions"]]
    words = Words(count_words(captions, min(RARE, 1 + len(captions) // CAPTIONS_PER_TIME)))
    network = RecurrentNetwork(NetworkConfig(len(words), WORD_WIDTH, width, image_size=image_size, pool=pool))
    sha256 = load_backbone(network)
    with torch.no_grad():
        network.words.weight[FIRST:] = word_vectors(list(words.counts))
    return network, words, sha256


def word_vectors(words: Sequence[str]) -> Tensor:
    """Vectors ``[words, width]`` with values of about 1: for each word the mean of its pieces' in vtviz-base."""
    tokenizer = Tokenizer.from_file(str(BACKBONE.with_name("tokenizer.json")))
    state, _ = part_of_weights(BACKBONE, TABLE.rpartition(".")[0])
    table = state[".weight"] * state["." + SCALES[TABLE].rpartition(".")[2]]
    encoded = tokenizer.encode_batch(list(words), add_special_tokens=False)
    ids = [[number for number in item.ids if number < VOCABULARY] or [0] for item in encoded]
    vectors = torch.stack([table[torch.tensor(own)].mean(dim=0) for own in ids])
    return (vectors - vectors.mean(dim=0)) / vectors.std().clamp_min(1e-6)
