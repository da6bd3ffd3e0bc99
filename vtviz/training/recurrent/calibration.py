"""After training: the calibration of the match, its threshold and the default heatmap, fitted on dev."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method
from vtviz.evaluation.classification import best_threshold, matching_figures
from vtviz.evaluation.matching import probabilities
from vtviz.evaluation.photos import EncodedPhoto
from vtviz.evaluation.pointing import PointingGame
from vtviz.evaluation.split import Row
from vtviz.models.recurrent.family import load_folder
from vtviz.models.recurrent.model import VtvizRecurrent
from vtviz.models.recurrent.weights import save_model
from vtviz.training.recurrent.dev_figures import DevFigures
from vtviz.training.vtviz_base.calibration import platt_scaling
from vtviz.training.vtviz_base.verdicts import Scores, bounds_of
from vtviz.watch import Watch

PHOTO_SIZE = (224, 224)
POINTING_PHOTOS = 60
METHODS = ("raw_attention", "attention_gradcam")  # which may become the default
LEAST = 20  # captions on dev without which nothing is fitted


def calibrate(
    folder: Path, rows: Sequence[Row], features: Tensor, described: dict[str, Any], watch: Watch
) -> dict[str, float]:
    """Fits what the model in ``folder`` answers with on the dev photos, and writes it there; returns its figures.

    That is the calibration of the match logit (Platt scaling), its threshold of highest F1, the bounds of a verdict,
    and the method whose maps point best. ``described`` is what its ``config.json`` says besides.

    Raises:
        Cancelled: if the watch says so.
    """
    model = load_folder(folder)
    network, words = model.network, model.vocabulary
    most = max(len(row["captions"]) for row in rows)
    watch.enter("calibration")
    watch.check()
    dev = DevFigures(rows, features, words, network.config.side, len(rows), most)
    right, wrong = dev.logits(network)
    if len(right) < LEAST:
        return {}
    slope, shift = platt_scaling([right], [wrong])
    scale, offset = network.calibration.tolist()
    network.calibration.copy_(torch.tensor([scale * slope, offset * slope + shift]))
    true, false = (probabilities([slope * side + shift]) for side in (right, wrong))
    threshold, bounds = best_threshold(true, false), bounds_of([Scores(true, false)])
    pointing = _pointing(model, rows, features, watch)
    save_model(
        network,
        words,
        folder,
        **described,
        threshold=threshold,
        bounds=[round(bounds.low, 4), round(bounds.high, 4)],
        default_method=max(pointing, key=lambda name: pointing[name], default=METHODS[0]),
    )
    figures = matching_figures(true, false, threshold)
    return {
        **{name: figures[name] for name in ("auc", "f1", "accuracy", "ece")},
        **{f"pointing {name}": accuracy for name, accuracy in pointing.items()},
    }


def _pointing(model: VtvizRecurrent, rows: Sequence[Row], features: Tensor, watch: Watch) -> dict[str, float]:
    """How often the maps of each method point into the boxes of phrases; empty where there are none."""
    game = PointingGame({name: (find_method(name), Options()) for name in METHODS})
    boxed = [index for index, row in enumerate(rows) if row["phrases"]][:POINTING_PHOTOS]
    for index in watch.follow("calibration", boxed):
        photo = EncodedPhoto(features[index : index + 1].float(), PHOTO_SIZE)
        game.play(model, photo, rows[index], watch=watch.quietly())
    return {name: own["accuracy"] for name, own in game.figures().items()} if boxed else {}
