"""Raw attention of the words to the patches: what the model looked at, which need not be what moved its answer."""

from __future__ import annotations

import torch
from torch import Tensor

from vtviz.attribution.base import ONE_PASS, Method, Relevance
from vtviz.attribution.case import Case, ForwardPass
from vtviz.attribution.maps import chosen_layer, of_tokens, over_heads
from vtviz.attribution.options import HEAD, LAYER, SPREAD, SUBTRACT, Options, choices
from vtviz.attribution.words.interference import without_interference
from vtviz.attribution.words.sinks import sink_patches, spread
from vtviz.models.record import entropy
from vtviz.models.recorder import RecordedLayer
from vtviz.watch import Watch


class RawAttention(Method):
    """softmax(QKᵀ/√d_k) of one text→image layer, one head or the mean of all.

    A token's own attention sums to 1, whatever it counts for. So its score is how much the patches attend to it: the
    mean over them of the image→text attention of the same block. Where the photo does not attend to the text, it is how
    far the token's attention is from being spread evenly: 1 − entropy / log(patches).
    """

    name = "raw_attention"
    label = "Raw attention"
    formula = "softmax(QKᵀ/√d_k)"
    paper = "Vaswani et al., Attention Is All You Need, NeurIPS 2017"
    cost = ONE_PASS
    uses_target = False
    attention = ("text→image",)
    options = choices(layer=LAYER, head=HEAD, subtract=SUBTRACT, spread=SPREAD)

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        ran = case.model.abilities.kinds[case.target.kind]
        forward = case.forward(False, ran & {"text→image", "image→text"})
        layer = chosen_layer(forward, options)
        weights, back = layer.weights, _back(forward, layer)
        relevances = []
        for index in range(len(case.tokens)):
            rows = over_heads(forward.rows(weights, index), options.head)
            if options.spread:
                rows = spread(rows, _sinks(forward, index))
            scores = _sharpness(rows)
            if back is not None:
                read = over_heads(back.weights[index, ..., case.model.image_offset :, :], options.head)
                read_back = case.pieces(read.mean(dim=0), index)
                scores = read_back if read_back.any() else scores  # a causal network's patches precede the words
            maps = without_interference(rows, case.tokens[index], case.model.grid) if options.subtract else rows
            relevances.append(of_tokens(maps, scores, case.model.grid))
        return relevances


def _back(forward: ForwardPass, layer: RecordedLayer) -> RecordedLayer | None:
    """The image→text layer of the block of a text→image layer, or None where it has none."""
    blocks = forward.attention.blocks()
    return next((block[1] for block in blocks if block[0] is layer and len(block) > 1), None)


def _sinks(forward: ForwardPass, index: int) -> Tensor:
    """The sink patches of text ``index``, by the attention of all layers."""
    first = forward.case.model.image_offset
    layers = [layer.weights[index, ..., first:] for layer in forward.attention.layers_of("text→image")]
    mask = forward.case.text.mask[index]
    real = torch.ones(layers[0].shape[-2], dtype=torch.bool, device=mask.device)
    real[: len(mask)] = mask[: len(real)]  # behind the text stands the rest of the prompt
    return sink_patches(layers, real)


def _sharpness(rows: Tensor) -> Tensor:
    """How far rows of attention ``[T, patches]`` are from being spread evenly, ``[T]``; 0 for a row of zeros."""
    return (1.0 - entropy(rows)).clamp_min(0.0) * (rows.sum(dim=-1) > 0)


METHOD = RawAttention()
