"""Grad-ECLIP: the values that a query takes in, weighted by the gradient of what it made of them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.attribution.base import Method, Relevance
from vtviz.attribution.case import Case, ForwardPass
from vtviz.attribution.maps import chosen_layer, need_kinds, of_text, of_tokens, read_by
from vtviz.attribution.options import LAYER, Options, choices
from vtviz.attribution.watch import Watch
from vtviz.inputs import Tokens
from vtviz.models.base import Abilities, TargetKind
from vtviz.models.record import KINDS
from vtviz.models.recorder import RecordedLayer


class GradECLIP(Method):
    """ReLU(Σ_c ∂target/∂o_q ⊙ v_i) · minmax_i cos(q, k_i), where o_q is what query q took in, all heads as one.

    A piece's map is that of its query in one text→image layer. The map of the whole text and the token scores are those
    of the query that the target is read from in the last joined layer, where there is one; otherwise the mean of the
    maps and the sums of their rows. In a dual encoder it is the summary token's query in the last image layer.
    """

    name = "grad_eclip"
    label = "Grad-ECLIP"
    formula = "ReLU(Σ_c ∇o_q ⊙ v_i) · minmax cos(q, k_i)"
    paper = "Zhao et al., Gradient-based Visual Explanation for Transformer-based CLIP, ICML 2024"
    cost = "1F + 1B"
    needs_gradient = True
    options = choices(layer=LAYER)

    def supports(self, abilities: Abilities, target: TargetKind) -> str | None:
        return need_kinds(abilities, target, self.label, "text→image", "image")

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return 2

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        forward = case.forward(True, KINDS)
        crosses = bool(forward.attention.layers_of("text→image"))
        main = chosen_layer(forward, options, "text→image" if crosses else "image")
        joined = forward.attention.layers_of("fused")[-1:] if crosses else []
        layers = [main, *joined]
        gradients = forward.gradients([each.mixed for each in layers])
        taken = [_taken(layer, gradient) for layer, gradient in zip(layers, gradients, strict=True)]
        if not crosses:
            return [self._of_image(case, i, taken[0]) for i in range(len(case.tokens))]
        return [self._of_text(forward, i, *taken) for i in range(len(case.tokens))]

    def _of_text(self, forward: ForwardPass, index: int, rows: Tensor, joined: Tensor | None = None) -> Relevance:
        case, grid = forward.case, forward.case.model.grid
        maps = forward.rows(rows, index)
        if joined is None:
            return of_tokens(maps, maps.sum(dim=-1), grid)
        words, _ = forward.attention.sizes()
        read = read_by(forward, index, joined[index, :words])
        tokens, image = case.pieces(read[:words], index), read[words + case.model.image_offset :]
        return of_tokens(maps, tokens, grid, image=image)

    def _of_image(self, case: Case, index: int, rows: Tensor) -> Relevance:
        image = rows[index, 0] if case.model.image_offset else rows[index].mean(dim=0)
        none = torch.zeros(len(case.tokens[index].pieces))
        return of_text(image[case.model.image_offset :], none, case.model.grid, signed=False)


def _taken(layer: RecordedLayer, gradient: Tensor | None) -> Tensor:
    """What each query took in from each key, ``[batch, queries, keys]``."""
    if gradient is None:
        return torch.zeros_like(layer.weights[:, 0])
    moved = torch.einsum("bhqd,bhkd->bqk", gradient.float(), layer.value.detach().float()).clamp_min(0.0)
    query, key = (F.normalize(each.detach().float().transpose(1, 2).flatten(2), dim=-1) for each in _pair(layer))
    cosine = query @ key.transpose(1, 2)
    low, high = cosine.amin(dim=-1, keepdim=True), cosine.amax(dim=-1, keepdim=True)
    return moved * (cosine - low) / (high - low).clamp_min(1e-12)


def _pair(layer: RecordedLayer) -> tuple[Tensor, Tensor]:
    return layer.query, layer.key


METHOD = GradECLIP()
