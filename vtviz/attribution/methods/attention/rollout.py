"""Attention rollout: how information may flow through the attention of all layers, whatever the answer."""

from __future__ import annotations

import torch
from torch import Tensor

from vtviz.attribution.base import ONE_PASS, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import from_joined, spans
from vtviz.attribution.options import Options
from vtviz.models.record import KINDS
from vtviz.models.recorder import Recording
from vtviz.watch import Watch


class AttentionRollout(Method):
    """R = Â_L ··· Â_1 over the joined sequence of text and patches, Â = (mean over heads of A + I) / 2.

    A fusion block is one step: its two cross-attentions are the off-diagonal blocks of A. What a token keeps of itself
    without any attention, the product of the halves of I, is left out. It does not depend on the target. Where text and
    photo never meet, the map does not depend on the text either, and is that of the photo's summary token (or the mean
    of all patches).
    """

    name = "rollout"
    label = "Attention rollout"
    formula = "R = Â_L ··· Â_1,  Â = (mean_h A + I) / 2"
    paper = "Abnar and Zuidema, Quantifying Attention Flow in Transformers, ACL 2020"
    cost = ONE_PASS
    uses_target = False
    attention = ("text→image", "image", "fused")

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        forward = case.forward(False, KINDS)
        return [from_joined(forward, i, rollout(forward.attention, i)) for i in range(len(case.tokens))]


def rollout(recording: Recording, index: int) -> Tensor:
    """R ``[text + image, text + image]`` of one text of the batch, less what each token keeps of itself without any
    attention."""
    words, patches = recording.sizes()
    joined = torch.eye(words + patches, device=recording.layers[0].weights.device)
    kept = joined.diag()
    for block in recording.blocks():
        step = torch.eye(len(joined), device=joined.device)
        for layer in block:
            rows, columns = spans(layer, words, patches)
            step[rows, columns] += layer.weights_of(index).detach().float().mean(dim=0)
        sums = step.sum(dim=-1)
        joined, kept = step / sums[:, None] @ joined, kept / sums
    return joined - kept.diag()


METHOD = AttentionRollout()
