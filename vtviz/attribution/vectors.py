"""What the methods of patch–word similarity share."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import nullcontext

import torch
from torch import Tensor

from vtviz.attribution.base import ONE_PASS, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import of_tokens
from vtviz.attribution.options import Options
from vtviz.inputs import InputError
from vtviz.models.base import Abilities, TargetKind
from vtviz.models.encoders import TokenLevelModel
from vtviz.watch import Watch

BEFORE_FUSION: tuple[TargetKind, ...] = ("match", "similarity")


class VectorSimilarity(Method):
    """A method that compares the vectors of single words and patches; a token's score is that of its best patch."""

    cost = ONE_PASS
    signed = True
    uses_target = False

    def supports(self, abilities: Abilities, target: TargetKind) -> InputError | None:
        if not abilities.compares:
            return InputError(
                "{method} needs words and patches as vectors in one space, which this model does not have; choose "
                "another method.",
                method=self.label,
            )
        if target not in BEFORE_FUSION:
            return InputError(
                "{method} compares words with patches and does not apply to the {target}; choose another method.",
                method=self.label,
                target=target,
            )
        return None

    @torch.inference_mode()
    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        assert isinstance(case.model, TokenLevelModel)
        with case.record(()) if case.attention_changed else nullcontext():
            similarities = self.similarities(case, case.model)
        return [of_tokens(rows, rows.amax(dim=-1), case.model.grid, signed=True) for rows in similarities]

    @abstractmethod
    def similarities(self, case: Case, model: TokenLevelModel) -> list[Tensor]:
        """The similarity ``[T, patches]`` of the pieces of each text with the patches."""
