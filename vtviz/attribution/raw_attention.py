"""Raw attention of the words to the patches: what the model looked at, which need not be what moved its answer."""

from __future__ import annotations

import math
from typing import Literal

from vtviz.attribution.base import ForwardPass, Relevance, from_rows, layer_weights


class RawAttention:
    """softmax(QKᵀ/√d_k) of one text→image layer, one head or the mean of all.

    A token's score is how far its attention is from being spread evenly: 1 − entropy / log(patches).
    """

    name = "raw_attention"
    label = "Raw attention"
    paper = "Vaswani et al., Attention Is All You Need, NeurIPS 2017"
    cost = "1F"
    signed = False
    needs_gradient = False
    choices: frozenset[Literal["layer", "head"]] = frozenset({"layer", "head"})

    def attribute(self, forward: ForwardPass, layer: int | None, head: int | None) -> list[Relevance]:
        weights = layer_weights(forward, layer, head)
        found = []
        for index in range(len(forward.tokens)):
            heads = forward.rows(weights, index)
            rows = heads.mean(dim=0) if head is None else heads[head]
            entropy = -(rows * rows.clamp_min(1e-12).log()).sum(dim=-1)
            scores = (1.0 - entropy / math.log(rows.shape[-1])).clamp_min(0.0)
            found.append(from_rows(rows, scores, forward.model.grid))
        return found


METHOD = RawAttention()
