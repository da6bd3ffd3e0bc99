"""Match scores of captions with their own photo and with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau
from torch import Tensor

from vtviz.evaluation.photos import Photos
from vtviz.evaluation.split import Row, read_rows
from vtviz.inputs import InputError
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
    """Logits ``[captions]`` of caption k of photo ``index`` with photo (index + 1 + k) mod N."""
    captions: list[str] = rows[index]["captions"]
    others = torch.cat([features[(index + 1 + k) % len(rows)] for k in range(len(captions))])
    return model.match_logits(others, captions).cpu()


def probabilities(logits: Sequence[Tensor]) -> np.ndarray:
    """Match probabilities of blocks of logits, one after the other."""
    return torch.cat(list(logits)).sigmoid().numpy()


def judgement_figures(model: FusionModel, photos: Photos, path: Path, watch: Watch) -> dict[str, Any]:
    """Kendall's τ-c (Stuart 1953) between the match score of a photo with a text and every single rating of it.

    Raises:
        InputError: if the file of judgements or a photo is missing or cannot be used.
    """
    if not path.is_file():
        raise InputError("The file of judgements {name} is missing.", name=path.name)
    features: dict[str, Tensor] = {}
    scores: list[float] = []
    ratings: list[float] = []
    for row in watch.follow("judgements", read_rows(path, ("image", "text", "ratings"))):
        name = row["image"]
        if name not in features:
            features[name] = photos.encode(name).features
        scores += [float(match_logits(model, features[name], [row["text"]]))] * len(row["ratings"])
        ratings += row["ratings"]
    return {"tau_c": float(kendalltau(scores, ratings, variant="c").statistic), "n": len(ratings)}
