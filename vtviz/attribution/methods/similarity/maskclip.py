"""Patch–word similarity, as in MaskCLIP: which patches are near a word in the space of contrast, before any fusion."""

from __future__ import annotations

import torch

from vtviz.attribution.base import ONE_PASS, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import of_tokens
from vtviz.attribution.options import Options
from vtviz.attribution.vectors import need_vectors
from vtviz.inputs import InputError
from vtviz.models.base import Abilities, LocalModel, TargetKind
from vtviz.watch import Watch


class PatchWordSimilarity(Method):
    """cos(word, patch) of the contrastive vectors of single words and patches.

    A token's score is the cosine of its best patch. It explains the similarity, which is a part of the match, and does
    not depend on the target otherwise.
    """

    name = "maskclip"
    label = "Patch–word similarity (MaskCLIP)"
    formula = "cos(word, patch)"
    paper = "Zhou, Loy and Dai, Extract Free Dense Labels from CLIP (MaskCLIP), ECCV 2022; Yao et al., FILIP, ICLR 2022"
    cost = ONE_PASS
    signed = True

    def supports(self, abilities: Abilities, target: TargetKind) -> InputError | None:
        return need_vectors(abilities, target, self.label)

    @torch.inference_mode()
    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        model = case.model
        assert isinstance(model, LocalModel)
        cosines = model.word_vectors(case.text) @ model.patch_vectors(case.features)[0].T  # [texts, T, patches]
        found = []
        for index in range(len(case.tokens)):
            rows = case.pieces(cosines[index], index, axis=0)
            found.append(of_tokens(rows, rows.amax(dim=-1), model.grid, signed=True))
        return found


METHOD = PatchWordSimilarity()
