"""Generic relevancy: attention times its gradient, carried through all layers of both modalities."""

from __future__ import annotations

import torch
from torch import Tensor

from vtviz.attribution.base import AND_GRADIENT, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import from_joined, spans
from vtviz.attribution.options import Options
from vtviz.models.record import KINDS
from vtviz.models.recorder import RecordedLayer, Recording
from vtviz.watch import Watch


class GenericRelevancy(Method):
    """Ā = mean over heads of (∂target/∂A ⊙ A)⁺, and the update rules of the paper, layer by layer from R = I.

    Self-attention of side s: R_ss += Ā R_ss, R_sq += Ā R_sq (equations 6 and 7); over the joined sequence, whole or in
    parts, the same with the joined R. Cross-attention from s to q: R_sq += R̂_ssᵀ Ā R̂_qq, R_ss += Ā R_qs (10 and 11),
    where R̂ is R − I with rows that sum to 1, plus I (8 and 9); a row of zeros stays one. Both directions of a block
    start from the same R.
    One backward pass serves all pieces; a token's score is how much the target's readout relies on it.
    """

    name = "relevancy"
    label = "Generic relevancy (Chefer)"
    formula = "Ā = mean_h (∇A ⊙ A)⁺,  R_sq += R̂_ssᵀ Ā R̂_qq,  R_ss += Ā R_qs"
    paper = "Chefer, Gur and Wolf, Generic Attention-model Explainability, ICCV 2021"
    cost = AND_GRADIENT
    needs_gradient = True
    attention = ("text→image", "image", "fused")

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        forward = case.forward(True, KINDS)
        layers = forward.attention.layers

        def relevant(i: int, gradient: Tensor) -> Tensor:
            return (layers[i].weights.detach() * gradient).clamp_min(0.0).float().mean(dim=1)

        found = forward.gradients([layer.weights for layer in layers], relevant)
        relevances = []
        for index in range(len(case.tokens)):
            chosen = {layer: weights[index] for layer, weights in zip(layers, found, strict=True)}
            relevances.append(from_joined(forward, index, relevancy(forward.attention, chosen)))
        return relevances


def relevancy(recording: Recording, relevant: dict[RecordedLayer, Tensor]) -> Tensor:
    """R − I ``[text + image, text + image]``. ``relevant`` holds Ā ``[queries, keys]`` of the layers of one text; those
    that count for nothing may be left out."""
    words, patches = recording.sizes()
    joined = torch.eye(words + patches, device=recording.layers[0].weights.device)
    for block in recording.blocks():
        before = joined.clone()
        for layer in block:
            if layer in relevant:
                queries, keys = spans(layer, words, patches)
                added = relevant[layer] @ before[keys]
                if layer.kind in ("text→image", "image→text") and not layer.joined:
                    own, other = normalised(before[queries, queries]), normalised(before[keys, keys])
                    joined[queries, keys] += own.T @ relevant[layer] @ other
                    joined[queries, queries] += added[:, queries]
                else:
                    joined[queries] += added
    return joined - torch.eye(len(joined), device=joined.device)


def normalised(relevance: Tensor) -> Tensor:
    """R − I with rows that sum to 1, plus I; a row of zeros stays one."""
    identity = torch.eye(len(relevance), device=relevance.device)
    gained = relevance - identity
    sums = gained.sum(dim=-1, keepdim=True)
    return gained / torch.where(sums > 0, sums, torch.ones_like(sums)) + identity


METHOD = GenericRelevancy()
