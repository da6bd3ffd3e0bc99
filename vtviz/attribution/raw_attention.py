"""Raw attention of the words to the patches: what the model looked at, which need not be what moved its answer."""

from __future__ import annotations

import math

from vtviz.attribution.base import ONE_PASS, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import chosen_layer, of_tokens, over_heads
from vtviz.attribution.options import HEAD, LAYER, Options, choices
from vtviz.attribution.watch import Watch


class RawAttention(Method):
    """softmax(QKᵀ/√d_k) of one text→image layer, one head or the mean of all.

    A token's score is how far its attention is from being spread evenly: 1 − entropy / log(patches).
    """

    name = "raw_attention"
    label = "Raw attention"
    formula = "softmax(QKᵀ/√d_k)"
    paper = "Vaswani et al., Attention Is All You Need, NeurIPS 2017"
    cost = ONE_PASS
    attention = ("text→image",)
    options = choices(layer=LAYER, head=HEAD)

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        forward = case.forward(False, {"text→image"})
        weights = chosen_layer(forward, options).weights
        found = []
        for index in range(len(case.tokens)):
            rows = over_heads(forward.rows(weights, index), options.head)
            entropy = -(rows * rows.clamp_min(1e-12).log()).sum(dim=-1)
            scores = (1.0 - entropy / math.log(rows.shape[-1])).clamp_min(0.0)
            found.append(of_tokens(rows, scores * (rows.sum(dim=-1) > 0), case.model.grid))
        return found


METHOD = RawAttention()
