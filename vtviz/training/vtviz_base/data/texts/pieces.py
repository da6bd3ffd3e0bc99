"""MiniLM's pieces, grown by Chinese ones whose vectors start as those of their translations."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from vtviz.chinese import RUN
from vtviz.models.vtviz_base.network import FusionNetwork
from vtviz.models.vtviz_base.text import VOCABULARY
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon


def grow_tokenizer(tokenizer: Tokenizer, pieces: Sequence[str]) -> Tokenizer:
    """The tokenizer with more pieces, which take the ids from ``VOCABULARY`` on. The longest one that fits is taken,
    wherever it stands. Those of MiniLM's pieces that are Chinese characters make room for them."""
    described = json.loads(tokenizer.to_str())
    vocabulary = described["model"]["vocab"]
    described["model"]["vocab"] = {
        f"[{piece}]" if RUN.fullmatch(piece) else piece: number for piece, number in vocabulary.items()
    }
    grown = Tokenizer.from_str(json.dumps(described))
    grown.add_tokens([AddedToken(piece, normalized=False) for piece in pieces])
    return grown


def start_vectors(network: FusionNetwork, tokenizer: Tokenizer, pieces: Sequence[str], lexicon: Lexicon) -> Tensor:
    """Vectors ``[pieces, width]``: of a word, the mean of its translations' vectors, weighted by their probability; of
    a piece without a translation, the mean of those words that hold it; of all others, the mean of all."""
    table = network.text_tower.words.weight.detach().numpy()
    known: dict[str, np.ndarray] = {}
    for word, likely in lexicon.english_of.items():
        vectors, total = np.zeros(table.shape[1], np.float32), 0.0
        for english, value in likely.items():
            ids = tokenizer.encode(english, add_special_tokens=False).ids
            ids = [number for number in ids if number < VOCABULARY]
            if ids:
                vectors, total = vectors + value * table[ids].mean(axis=0), total + value
        if total:
            known[word] = vectors / total
    holding: dict[str, list[np.ndarray]] = {}
    for word, vector in known.items():
        for character in word:
            holding.setdefault(character, []).append(vector)
    middle = np.mean(list(known.values()), axis=0) if known else table.mean(axis=0)
    rows = []
    for piece in pieces:
        parts = [np.mean(holding[character], axis=0) for character in piece if character in holding]
        rows.append(known[piece] if piece in known else np.mean(parts, axis=0) if parts else middle)
    return torch.from_numpy(np.stack(rows))
