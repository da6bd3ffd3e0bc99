"""Grad-ECLIP: the values that a query takes in, weighted by the gradient of what it made of them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.attribution.base import AND_GRADIENT, Method, Relevance
from vtviz.attribution.case import Case, ForwardPass
from vtviz.attribution.maps import chosen_layer, of_text, of_tokens, read_by
from vtviz.attribution.options import LAYER, Options, choices
from vtviz.models.record import KINDS
from vtviz.models.recorder import RecordedLayer
from vtviz.watch import Watch


class GradECLIP(Method):
    """ReLU(Σ_c ∂target/∂o_q ⊙ v_i) · minmax_i cos(q, k_i), where o_q is what query q took in, all heads as one.

    A piece's map is that of its query in one text→image layer. The map of the whole text and the token scores are those
    of the query that the target is read from in the last joined layer, where there is one; otherwise the mean of the
    maps and the sums of their rows. Where text and photo never meet, the map is the sum over the queries of one image
    layer (the last), and the token scores are that of the last text layer. In the last layers of CLIP no query but the
    summary token's has a gradient, so these are the paper's own maps, for the photo and for the text.
    """

    name = "grad_eclip"
    label = "Grad-ECLIP"
    formula = "ReLU(Σ_c ∇o_q ⊙ v_i) · minmax cos(q, k_i)"
    paper = "Zhao et al., Gradient-based Visual Explanation for Transformer-based CLIP, ICML 2024"
    cost = AND_GRADIENT
    needs_gradient = True
    attention = ("text→image", "image")
    options = choices(layer=LAYER)

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        forward = case.forward(True, KINDS)
        crosses = bool(forward.attention.layers_of("text→image"))
        main = chosen_layer(forward, options, "text→image" if crosses else "image")
        layers = [main, *forward.attention.layers_of("fused" if crosses else "text")[-1:]]
        gradients = forward.gradients([layer.mixed for layer in layers])
        patches = _taken(main, gradients[0], case.model.image_offset)
        others = [_taken(*pair) for pair in zip(layers[1:], gradients[1:], strict=True)]
        one = self._where_they_meet if crosses else self._where_they_do_not
        return [one(forward, i, patches, *others) for i in range(len(case.tokens))]

    def _where_they_meet(
        self, forward: ForwardPass, index: int, rows: Tensor, joined: Tensor | None = None
    ) -> Relevance:
        case, grid = forward.case, forward.case.model.grid
        maps = case.rows(rows[index], index)
        if joined is None:
            return of_tokens(maps, maps.sum(dim=-1), grid)
        words, _ = forward.attention.sizes()
        read = read_by(forward, index, joined[index, :words])
        tokens, image = case.pieces(read[:words], index), read[words + case.model.image_offset :]
        return of_tokens(maps, tokens, grid, image=image)

    def _where_they_do_not(
        self, forward: ForwardPass, index: int, patches: Tensor, words: Tensor | None = None
    ) -> Relevance:
        case = forward.case
        none = torch.zeros(len(case.tokens[index].pieces))
        tokens = none if words is None else case.pieces(words[index].sum(dim=0), index)
        return of_text(patches[index].sum(dim=0), tokens, case.model.grid, signed=False)


def _taken(layer: RecordedLayer, gradient: Tensor, first: int = 0) -> Tensor:
    """What each query took in from each key from ``first`` on, ``[texts, queries, keys]``; of a key that it cannot
    attend to, such as padding, nothing. The layer may have a single row for all texts."""
    weights = layer.weights.detach()[..., first:]
    value = layer.value.detach()[:, :, first:].float()
    moved = torch.einsum("bhqd,bhkd->bqk", gradient.float(), value).clamp_min(0.0)
    query, key = (
        F.normalize(side.detach().float().transpose(1, 2).flatten(2), dim=-1)
        for side in (layer.query, layer.key[:, :, first:])
    )
    cosine, hidden = query @ key.transpose(1, 2), weights.amax(dim=1) == 0
    low = cosine.masked_fill(hidden, 2.0).amin(dim=-1, keepdim=True)
    high = cosine.masked_fill(hidden, -2.0).amax(dim=-1, keepdim=True)
    return (moved * (cosine - low) / (high - low).clamp_min(1e-12)).masked_fill(hidden, 0.0)


METHOD = GradECLIP()
