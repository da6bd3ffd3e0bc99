"""Attention Grad-CAM: cross-attention weighted by the answer's gradient."""

from __future__ import annotations

import torch

from vtviz.attribution.base import AND_GRADIENT, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import chosen_layer, of_tokens, over_heads
from vtviz.attribution.options import HEAD, LAYER, SUBTRACT, Options, choices
from vtviz.attribution.words.interference import without_interference
from vtviz.watch import Watch


class AttentionGradCAM(Method):
    """mean over heads of A ⊙ (∂target/∂A)⁺ at one text→image layer; one backward pass serves all pieces and texts.

    A token's score is the sum of its row before the maps are scaled. No parameter's gradient is touched.
    """

    name = "attention_gradcam"
    label = "Attention Grad-CAM"
    formula = "mean_h A ⊙ (∇A)⁺"
    paper = "Li et al., Align before Fuse (ALBEF), NeurIPS 2021; Selvaraju et al., Grad-CAM, ICCV 2017"
    cost = AND_GRADIENT
    needs_gradient = True
    attention = ("text→image",)
    options = choices(layer=LAYER, head=HEAD, subtract=SUBTRACT)

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        forward = case.forward(True, {"text→image"})
        weights = chosen_layer(forward, options).weights
        # The texts of a case do not influence each other, so the gradient of the sum is that of each value.
        (gradient,) = torch.autograd.grad(forward.values.sum(), weights, retain_graph=True)
        weighted = weights.detach() * gradient.clamp_min(0.0)
        relevances = []
        for index in range(len(case.tokens)):
            rows = over_heads(forward.rows(weighted, index), options.head)
            maps = without_interference(rows, case.tokens[index], case.model.grid) if options.subtract else rows
            relevances.append(of_tokens(maps, rows.sum(dim=-1), case.model.grid))
        return relevances


METHOD = AttentionGradCAM()
