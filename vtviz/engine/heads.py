"""What the attention heads of an explanation show: how spread out and alike they are, and what patches attend to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from vtviz.engine.explanation import Explanation
from vtviz.inputs import InputError
from vtviz.metrics.attention import entropy, head_similarity
from vtviz.models.record import Kind

BACK: tuple[Kind, ...] = ("image→text", "fused")  # where patches attend to words


def head_entropies(explanation: Explanation) -> np.ndarray:
    """Mean entropy of the rows of each head, ``[layers, heads]``."""
    return np.stack([entropy(weights).mean(dim=-1).numpy() for weights in _rows(explanation)])


def head_similarities(explanation: Explanation) -> np.ndarray:
    """How alike the rows of the heads of each layer are, ``[layers]``; NaN for a single head."""
    return np.array([head_similarity(weights) for weights in _rows(explanation)])


@dataclass(frozen=True, eq=False)
class WordsOfPatches:
    """How much some patches attend to each word, the mean over them: ``layers [layers, heads, words]`` in the layers of
    ``kind`` (None, and no layers, where no recorded patch attends to words), and ``mean [words]`` over all of these, or
    in the heatmaps of the words where there are none."""

    kind: Kind | None
    layers: np.ndarray
    mean: np.ndarray


def words_of_patches(explanation: Explanation, patches: Sequence[int]) -> WordsOfPatches:
    """The words that some patches, counted row by row, attend to, in the order of the text.

    Raises:
        InputError: if there is no such patch, or none at all.
    """
    count, tokens = explanation.grid[0] * explanation.grid[1], explanation.tokens
    wrong = next((patch for patch in patches if not 0 <= patch < count), None)
    if wrong is not None or not patches:
        raise InputError(
            "There is no patch {patch}: patch numbers start at 0 and stay below {count}.", patch=wrong, count=count
        )
    owners = np.eye(len(tokens.words))[list(tokens.word_of)]  # [pieces, words]
    kind: Kind | None = next((k for k in BACK if explanation.record.of_kind(k)), None)
    if kind is None:
        flat = explanation.relevance.maps.reshape(len(tokens.pieces), -1)[:, list(patches)].mean(axis=1)
        return WordsOfPatches(None, np.zeros((0, 0, len(tokens.words))), flat @ owners / owners.sum(axis=0))
    text = slice(explanation.text_offset, explanation.text_offset + len(tokens.pieces))
    layers = [layer.weights.numpy() for layer in explanation.record.of_kind(kind)]
    rows = [weights[:, weights.shape[1] - count + np.array(patches), text] for weights in layers]
    read = np.stack([row.mean(axis=1) for row in rows]) @ owners
    return WordsOfPatches(kind, read, read.mean(axis=(0, 1)))


def _rows(explanation: Explanation) -> list[torch.Tensor]:
    """The rows of the pieces of the text, of the patches in a dual encoder, of each layer, ``[heads, rows, keys]``."""
    first, count = explanation.text_offset, len(explanation.tokens.pieces)
    if explanation.main_kind == "image":
        first, count = explanation.image_offset, explanation.grid[0] * explanation.grid[1]
    return [layer.weights[:, first : first + count] for layer in explanation.record.of_kind(explanation.main_kind)]
