"""Attention Grad-CAM: cross-attention weighted by the answer's gradient."""

from __future__ import annotations

from typing import Literal

import torch

from vtviz.attribution.base import ForwardPass, Relevance, from_rows, layer_weights


class AttentionGradCAM:
    """mean over heads of A ⊙ (∂answer/∂A)⁺ at one text→image layer; one backward pass serves all pieces and texts.

    A token's score is the sum of its row before the maps are scaled. No parameter's gradient is touched.
    """

    name = "attention_gradcam"
    label = "Attention Grad-CAM"
    paper = "Li et al., Align before Fuse (ALBEF), NeurIPS 2021; Selvaraju et al., Grad-CAM, ICCV 2017"
    cost = "1F + 1B"
    signed = False
    needs_gradient = True
    choices: frozenset[Literal["layer", "head"]] = frozenset({"layer", "head"})

    def attribute(self, forward: ForwardPass, layer: int | None, head: int | None) -> list[Relevance]:
        weights = layer_weights(forward, layer, head)
        # The texts of a batch do not influence each other, so the gradient of the sum is that of each answer.
        (gradient,) = torch.autograd.grad(forward.logits.sum(), weights, retain_graph=True)
        weighted = weights.detach() * gradient.clamp_min(0.0)
        found = []
        for index in range(len(forward.tokens)):
            heads = forward.rows(weighted, index)
            rows = heads.mean(dim=0) if head is None else heads[head]
            found.append(from_rows(rows, rows.sum(dim=-1), forward.model.grid))
        return found


METHOD = AttentionGradCAM()
