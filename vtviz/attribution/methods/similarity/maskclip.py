"""Patch–word similarity, as in MaskCLIP: which patches are near a word in the space of contrast, before any fusion."""

from __future__ import annotations

from torch import Tensor

from vtviz.attribution.case import Case
from vtviz.attribution.vectors import VectorSimilarity
from vtviz.models.encoders import TokenLevelModel


class PatchWordSimilarity(VectorSimilarity):
    """cos(word, patch) of the contrastive vectors of single words and patches.

    A token's score is the cosine of its best patch. It explains the similarity, which is a part of the match, and does
    not depend on the target otherwise.
    """

    name = "maskclip"
    label = "Patch–word similarity (MaskCLIP)"
    formula = "cos(word, patch)"
    paper = "Zhou, Loy and Dai, Extract Free Dense Labels from CLIP (MaskCLIP), ECCV 2022; Yao et al., FILIP, ICLR 2022"

    def similarities(self, case: Case, model: TokenLevelModel) -> list[Tensor]:
        cosines = model.word_vectors(case.text) @ model.patch_vectors(case.features)[0].T  # [texts, text, patches]
        return [case.pieces(cosines[index], index, axis=0) for index in range(len(case.tokens))]


METHOD = PatchWordSimilarity()
