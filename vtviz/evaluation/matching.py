"""Match scores of captions with their own photo and with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau
from torch import Tensor

from vtviz.evaluation.photos import Photos
from vtviz.evaluation.split import Row
from vtviz.models.base import FusionModel
from vtviz.watch import Watch


@torch.inference_mode()
def match_logits(model: FusionModel, features: Tensor, captions: list[str]) -> Tensor:
    """Logits ``[captions]`` of captions with one photo, ``features [1, patches, channels]``."""
    return model.match_logits(features.expand(len(captions), -1, -1), captions).cpu()


@torch.inference_mode()
def mismatch_logits(
    model: FusionModel, features: Mapping[int, Tensor] | Sequence[Tensor], rows: Sequence[Row], index: int
) -> Tensor:
    """Logits ``[captions]`` of caption k of photo ``index`` with photo (index + 1 + k) mod N.

    Of a photo with N captions or more, the first ones' photos come again, and its own is passed over.
    """
    captions: list[str] = rows[index]["captions"]
    others = torch.cat([features[(index + 1 + k % (len(rows) - 1)) % len(rows)] for k in range(len(captions))])
    return model.match_logits(others, captions).cpu()


def probabilities(logits: Sequence[Tensor]) -> np.ndarray:
    """Match probabilities of blocks of logits, one after the other.

    They are float64: in float32 every logit above 17 would be 1, and such pairs would tie.
    """
    return torch.cat(list(logits)).double().sigmoid().numpy()


def judgement_figures(model: FusionModel, photos: Photos, rows: Sequence[Row], watch: Watch) -> dict[str, Any]:
    """Kendall's τ-c (Stuart 1953) between the match score of a photo with a text and every single rating of it; None
    where it is not defined, as where all ratings are equal.

    Raises:
        InputError: if a photo is missing or cannot be used.
    """
    features: dict[str, Tensor] = {}
    scores: list[float] = []
    ratings: list[float] = []
    for row in watch.follow("judgements", rows):
        name = row["image"]
        if name not in features:
            features[name] = photos.encode(name).features
        scores += [float(match_logits(model, features[name], [row["text"]]))] * len(row["ratings"])
        ratings += row["ratings"]
    varies = len(set(scores)) > 1 and len(set(ratings)) > 1
    tau_c = float(kendalltau(scores, ratings, variant="c").statistic) if varies else None
    return {"tau_c": tau_c, "n": len(ratings)}
