"""LeGrad: the positive gradient of the target with respect to the attention, over several layers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vtviz.attribution.base import AND_GRADIENT, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.gradients import per_text
from vtviz.attribution.maps import of_text, of_tokens
from vtviz.attribution.options import Options
from vtviz.models.encoders import DualEncoder
from vtviz.models.record import KINDS, Kind
from vtviz.models.recorder import RecordedLayer
from vtviz.watch import Watch


class LeGrad(Method):
    """E = mean over layers of mean over heads of (∂s_l/∂A_l)⁺.

    In a dual encoder, as in the paper, s_l is the cosine of the text with what the image tower would give if it ended
    after layer l, and the map is the mean over all queries of the image layers. In a fusion model no layer but the last
    has a score, so the target itself stands for all s_l: a piece's map is the mean of its rows in every text→image
    layer and in the joined layers. The score of a piece is the mean of its columns over all queries in the layers whose
    keys are words, and s_l the target.
    """

    name = "legrad"
    label = "LeGrad"
    formula = "mean_l mean_h (∂s_l/∂A_l)⁺"
    paper = "Bousselham et al., LeGrad: Explainability for ViTs via Feature Formation Sensitivity, ICCV 2025"
    cost = AND_GRADIENT
    needs_gradient = True
    attention = ("text→image", "image", "fused")

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        if isinstance(case.model, DualEncoder) and "text→image" not in case.model.abilities.kinds[case.target.kind]:
            return self._of_towers(case, case.model)
        forward = case.forward(True, KINDS)
        layers = forward.attention.layers
        sensitive = _by_kind(layers, forward.gradients([layer.weights for layer in layers], _positive))
        words, _ = forward.attention.sizes()
        return [self._one(case, index, sensitive, words) for index in range(len(case.tokens))]

    def _of_towers(self, case: Case, model: DualEncoder) -> list[Relevance]:
        """Every s_l reaches back to its own layer only: together they cost one backward pass for a text, and the image
        tower runs once for all."""
        with case.record(("image", "text")) as recording:
            whole, ended = model.layer_similarities(case.features, case.text)
        texts, images = recording.layers_of("text"), recording.layers_of("image")
        gradients = per_text(whole, [layer.weights for layer in texts], _positive)
        for score, layer in zip(ended, images, strict=True):
            gradients += per_text(score, [layer.weights], _positive)
        sensitive, (words, _) = _by_kind([*texts, *images], gradients), recording.sizes()
        return [self._one(case, index, sensitive, words) for index in range(len(case.tokens))]

    def _one(self, case: Case, index: int, sensitive: dict[Kind, list[Tensor]], words: int) -> Relevance:
        crossing = [rows[index] for rows in sensitive["text→image"]]
        crossing += [rows[index, :words, words:] for rows in sensitive["fused"]]
        padding = words - int(case.text.mask[index].sum())  # queries that nothing reads
        reading = [rows[index, :, :words] for kind in ("text", "fused") for rows in sensitive[kind]]
        columns = [rows.sum(dim=0) / (len(rows) - padding) for rows in reading]
        columns += [rows[index].mean(dim=0) for rows in sensitive["image→text"]]
        scores = torch.stack(columns).mean(dim=0) if columns else torch.zeros(words)
        tokens = case.pieces(scores, index)
        if crossing:
            rows = torch.stack(crossing).mean(dim=0)[:, case.model.image_offset :]
            return of_tokens(case.rows(rows, index), tokens, case.model.grid)
        images = torch.stack([rows[index].mean(dim=0) for rows in sensitive["image"]]).mean(dim=0)
        return of_text(images[case.model.image_offset :], tokens, case.model.grid, signed=False)


def _positive(i: int, gradient: Tensor) -> Tensor:
    """(gradient)⁺ over the heads, ``[texts, queries, keys]``."""
    return gradient.clamp_min(0.0).float().mean(dim=1)


def _by_kind(layers: Sequence[RecordedLayer], sensitive: Sequence[Tensor]) -> dict[Kind, list[Tensor]]:
    kinds: dict[Kind, list[Tensor]] = {kind: [] for kind in KINDS}
    for layer, rows in zip(layers, sensitive, strict=True):
        kinds[layer.kind].append(rows)
    return kinds


METHOD = LeGrad()
