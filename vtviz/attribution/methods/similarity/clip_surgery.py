"""CLIP Surgery: patch–word similarity by value–value attention, without what all words have in common."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.attribution.case import Case
from vtviz.attribution.vectors import VectorSimilarity
from vtviz.models.encoders import TokenLevelModel

DISTRACTORS = (
    "person", "dog", "cat", "car", "tree", "grass", "sky", "water", "road", "wall", "building", "floor", "table",
    "chair", "shirt", "hand", "food", "snow", "sand", "book",
)  # fmt: skip
SHARPNESS = 2.0  # of the softmax that weighs the classes, as in the paper's code


class CLIPSurgery(VectorSimilarity):
    """image ⊙ text ⊙ w minus its mean over the classes, summed over channels.

    The image vectors are made with value–value attention in place of query–key attention and without the feed-forward
    after it. The classes are the pieces of the text and twenty everyday nouns; w weighs each class by its softmax
    similarity with the whole photo. A token's score is that of its best patch.
    """

    name = "clip_surgery"
    label = "CLIP Surgery"
    formula = "img ⊙ txt ⊙ w − mean over classes,  V–V attention"
    paper = "Li et al., CLIP Surgery for Better Explainability with Enhancement in Open-Vocabulary Tasks, 2023"

    def similarities(self, case: Case, model: TokenLevelModel) -> list[Tensor]:
        patches = model.surgery_vectors(case.features)[0]
        whole = F.normalize(model.patch_vectors(case.features)[0].mean(dim=0), dim=-1)
        words, others = model.word_vectors(case.text), _distractors(model)
        rows = []
        for index in range(len(case.tokens)):
            own = case.pieces(words[index], index, axis=0)
            rows.append(surgery(patches, torch.cat([own, others]), whole)[: len(own)])
        return rows


def surgery(patches: Tensor, classes: Tensor, whole: Tensor) -> Tensor:
    """Similarity without redundancy, ``[classes, patches]``, of ``patches [patches, width]``, ``classes [classes,
    width]`` and the whole photo's vector ``[width]``."""
    probability = (SHARPNESS * classes @ whole).softmax(dim=0)
    weighted = classes * (probability / probability.mean())[:, None]
    return (weighted - weighted.mean(dim=0)) @ patches.T


def _distractors(model: TokenLevelModel) -> Tensor:
    vectors = model.word_vectors(model.encode_texts(DISTRACTORS))
    first = model.text_offset
    counts = [len(model.tokenize(word).pieces) for word in DISTRACTORS]
    means = [pieces[first : first + count].mean(dim=0) for pieces, count in zip(vectors, counts, strict=True)]
    return F.normalize(torch.stack(means), dim=-1)


METHOD = CLIPSurgery()
