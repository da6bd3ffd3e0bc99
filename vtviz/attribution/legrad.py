"""LeGrad: the positive gradient of the target with respect to the attention, over several layers."""

from __future__ import annotations

import torch
from torch import Tensor

from vtviz.attribution.base import AND_GRADIENT, Method, Relevance
from vtviz.attribution.case import Case, ForwardPass
from vtviz.attribution.maps import of_text, of_tokens
from vtviz.attribution.options import Options
from vtviz.attribution.watch import Watch
from vtviz.models.record import KINDS, Kind


class LeGrad(Method):
    """E = mean over layers of mean over heads of (∂target/∂A)⁺.

    In a fusion model a piece's map is the mean of its rows in every text→image layer and in the joined layers, and its
    score the mean of its columns over all queries in the layers whose keys are words. In a dual encoder, as in the
    paper, the map is the mean over all queries of the image layers. The paper reads a score s_l from each layer; no
    layer but the last of a fusion model has one, so here the target itself stands for all s_l.
    """

    name = "legrad"
    label = "LeGrad"
    formula = "mean_l mean_h (∇A_l)⁺"
    paper = "Bousselham et al., LeGrad: Explainability for ViTs via Feature Formation Sensitivity, ICCV 2025"
    cost = AND_GRADIENT
    needs_gradient = True
    attention = ("text→image", "image", "fused")

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        forward = case.forward(True, KINDS)
        layers = forward.attention.layers
        gradients = forward.gradients([layer.weights for layer in layers])
        sensitive: dict[Kind, list[Tensor]] = {kind: [] for kind in KINDS}
        for layer, gradient in zip(layers, gradients, strict=True):
            found = torch.zeros_like(layer.weights) if gradient is None else gradient
            sensitive[layer.kind].append(found.clamp_min(0.0).float().mean(dim=1))  # [texts, queries, keys]
        return [self._one(forward, index, sensitive) for index in range(len(case.tokens))]

    def _one(self, forward: ForwardPass, index: int, sensitive: dict[Kind, list[Tensor]]) -> Relevance:
        case = forward.case
        words, _ = forward.attention.sizes()
        crossing = [each[index] for each in sensitive["text→image"]]
        crossing += [each[index, :words, words:] for each in sensitive["fused"]]
        mask = case.text.mask[index]
        padding = len(mask) - int(mask.sum())  # queries that nothing reads, where another text is longer
        reading = [each[index, :, :words] for kind in ("text", "fused") for each in sensitive[kind]]
        columns = [each.sum(dim=0) / (len(each) - padding) for each in reading]
        columns += [each[index].mean(dim=0) for each in sensitive["image→text"]]
        scores = torch.stack(columns).mean(dim=0) if columns else torch.zeros(words)
        tokens = case.pieces(scores, index)
        if crossing:
            rows = torch.stack(crossing).mean(dim=0)[:, case.model.image_offset :]
            return of_tokens(case.rows(rows, index), tokens, case.model.grid)
        images = torch.stack([each[index].mean(dim=0) for each in sensitive["image"]]).mean(dim=0)
        return of_text(images[case.model.image_offset :], tokens, case.model.grid, signed=False)


METHOD = LeGrad()
