"""After training: what can only be set once the weights are fixed, fitted on the whole dev split."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load, save
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from torch import Tensor

from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method
from vtviz.evaluation.classification import best_threshold, matching_figures
from vtviz.evaluation.matching import mismatch_logits, probabilities
from vtviz.evaluation.photos import EncodedPhoto
from vtviz.evaluation.pointing import PointingGame
from vtviz.evaluation.questions import derive, frequent_nouns
from vtviz.evaluation.split import Row, read_rows
from vtviz.files import write_atomically
from vtviz.models.vtviz_base.family import load_folder
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.training.vtviz_base.data.texts.small_things import small_things
from vtviz.training.vtviz_base.export import write_config
from vtviz.training.vtviz_base.verdicts import (
    Pair,
    Scores,
    bounds_of,
    parts_of,
    sentences,
    similarity_weight,
    verdict_figures,
)
from vtviz.watch import Watch

PHOTO_SIZE = (224, 224)
POINTING_PHOTOS = 300
SIMILARITY = ("maskclip",)  # methods without layers that may become the default
ONLY_REPORTED = ("foils",)  # kinds of pairs that the bounds are not fitted on: one word decides them
ANSWER_THRESHOLD = 0.33  # the model does not give an answer that is likelier wrong than right by two to one
TEMPERATURES = np.geomspace(0.5, 3.0, 41)


def calibrate(
    folder: Path,
    photos: Path,
    cache: Path,
    watch: Watch | None = None,
    probes: Mapping[str, Sequence[Pair]] | None = None,
) -> dict[str, float]:
    """Fits what the model in ``folder`` answers with, and writes it there; returns the figures it was chosen by.

    That is the weight of the similarity in the match logit; its calibration (Platt scaling) and its threshold of
    highest F1; the bounds of a verdict, which hold for dev and for the ``probes``, pairs of other kinds; the
    temperature of the answers (Guo et al., ICML 2017); and the method and layer whose maps point and cover best, in
    whole captions and at small things in short texts.
    """
    watch = watch or Watch()
    model = load_folder(folder)
    rows = read_rows(photos / "dev.jsonl")
    features = torch.from_numpy(np.load(cache / "dev-0.npy", mmap_mode="c"))
    captions = sentences([row["captions"] for row in rows], features.numpy())
    pairs = {"captions": captions, **(probes or {})}
    parts = {name: parts_of(model, list(own), f"verdicts {name}", watch) for name, own in pairs.items()}
    weight = similarity_weight(parts.values())
    known = model.network.calibration.tolist()
    groups = {name: own.scores(weight, *known) for name, own in parts.items() if name != "captions"}
    model.network.match_similarity.data.fill_(weight)
    outputs = _dev_outputs(model, rows, features.split(1), watch)
    slope, shift = platt_scaling(outputs.right, outputs.wrong)
    temperature = (
        best_temperature(np.concatenate(outputs.answers), np.array(outputs.accepted)) if outputs.answers else 1.0
    )
    _rescale(folder / "model.safetensors", weight, slope, shift, temperature)
    true, false = (probabilities([slope * part + shift for part in side]) for side in (outputs.right, outputs.wrong))
    threshold = best_threshold(true, false)
    judged = {"captions": Scores(true, false)}
    judged |= {name: Scores(*(expit(slope * side + shift) for side in (g.true, g.false))) for name, g in groups.items()}
    bounds = bounds_of([group for name, group in judged.items() if name not in ONLY_REPORTED])
    whole, short = (_maps(game) for game in (outputs.pointing, outputs.pointing_small))
    method, layer = max(whole, key=lambda name: _map_score(whole[name]) + _map_score(short[name])).split("/")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config.update(threshold=threshold, default_method=method, default_layer=int(layer))
    config.update(bounds=[round(bounds.low, 4), round(bounds.high, 4)])
    if outputs.answers:
        config.update(answer_threshold=ANSWER_THRESHOLD)
    write_config(folder, config)
    figures = matching_figures(true, false, threshold)
    return {
        **{name: figures[name] for name in ("auc", "f1", "ece")},
        "answers": float(np.mean(outputs.accepted)) if outputs.accepted else 0.0,
        "similarity weight": weight,
        "temperature": temperature,
        "low": bounds.low,
        "high": bounds.high,
        **verdict_figures(judged, bounds),
        **_map_figures("maps", whole),
        **_map_figures("maps small", short),
    }


def _maps(game: PointingGame) -> dict[str, dict[str, float | None]]:
    """How well the maps of each candidate point and cover."""
    covers = game.cover_figures()
    return {name: {"accuracy": own["accuracy"], **covers[name]} for name, own in game.figures().items()}


def _map_score(figures: dict[str, float | None]) -> float:
    """One number for how well maps point and cover, at the best level and at what people see as marked."""
    return sum(figures[name] or 0.0 for name in ("accuracy", "auc", "iou", "iou_half"))


def _map_figures(title: str, games: dict[str, dict[str, float | None]]) -> dict[str, float]:
    return {
        f"{title} {name} {figure}": value
        for name, figures in games.items()
        for figure, value in figures.items()
        if value is not None
    }


@dataclass
class _DevOutputs:
    """What an uncalibrated model says about dev: match logits of ``right`` and ``wrong`` texts, a block per photo;
    ``answers``, blocks of logits ``[questions, answers]``, and whether each best one is ``accepted``."""

    pointing: PointingGame
    pointing_small: PointingGame
    right: list[Tensor] = field(default_factory=list)
    wrong: list[Tensor] = field(default_factory=list)
    answers: list[np.ndarray] = field(default_factory=list)
    accepted: list[bool] = field(default_factory=list)


def _dev_outputs(model: VtvizBase, rows: list[Row], features: Sequence[Tensor], watch: Watch) -> _DevOutputs:
    layers = range(model.network.config.fusion_blocks)
    candidates = {f"raw_attention/{k}": (find_method("raw_attention"), Options(layer=k)) for k in layers}
    candidates |= {f"{name}/0": (find_method(name), Options()) for name in SIMILARITY}
    outputs, nouns = _DevOutputs(PointingGame(candidates), PointingGame(candidates)), frequent_nouns(rows)
    no_pointing = PointingGame({})
    for index in watch.follow("calibration", range(len(rows))):
        row = rows[index]
        nearby = {
            (index + k) % len(rows): features[(index + k) % len(rows)].float() for k in range(len(row["captions"]) + 1)
        }
        photo = EncodedPhoto(nearby[index], PHOTO_SIZE)
        game = outputs.pointing if index < POINTING_PHOTOS else no_pointing
        outputs.right.append(game.play(model, photo, row, watch=watch.quietly()))
        small = small_things(row)
        if index < POINTING_PHOTOS and small["captions"]:
            outputs.pointing_small.play(model, photo, small, watch=watch.quietly())
        outputs.wrong.append(mismatch_logits(model, nearby, rows, index))
        questions = derive(row, nouns) if model.answers else []
        if questions:
            with torch.inference_mode():
                logits = model.answer_logits(photo.features, [question.text() for question in questions]).numpy()
            outputs.answers.append(logits)
            best = zip(logits.argmax(axis=1), questions, strict=True)
            outputs.accepted += [model.answers[i] in question.answers for i, question in best]
    return outputs


def platt_scaling(right: Sequence[Tensor], wrong: Sequence[Tensor]) -> tuple[float, float]:
    """The slope and shift of match logits whose sigmoid is a probability (Platt, 1999), from those of true pairs and of
    wrong ones."""
    logits = torch.cat([*right, *wrong]).numpy()
    labels = np.repeat([1, 0], [sum(map(len, right)), sum(map(len, wrong))])
    fit = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    return float(fit.coef_[0, 0]), float(fit.intercept_[0])


def best_temperature(logits: np.ndarray, right: np.ndarray) -> float:
    """The temperature at which the probability of the best answer, of ``logits [questions, answers]``, tells best
    whether that answer is ``right [questions]``."""

    def loss(temperature: float) -> float:
        best = torch.from_numpy(logits / temperature).softmax(dim=1).max(dim=1).values.double().numpy()
        return float(log_loss(right, best, labels=[False, True]))

    return float(min(TEMPERATURES, key=loss))


def _rescale(weights: Path, weight: float, slope: float, shift: float, temperature: float) -> None:
    """Puts the weight of the similarity, the calibration of the match and the temperature of the answers into a file of
    weights."""
    tensors = load(weights.read_bytes())
    tensors["match_similarity"] = torch.tensor(weight, dtype=torch.float16)
    scale, offset = tensors["calibration"].tolist()
    tensors["calibration"] = torch.tensor([scale * slope, offset * slope + shift], dtype=torch.float16)
    for name in ("answer.output.weight", "answer.output.bias"):
        if name in tensors:
            tensors[name] = (tensors[name].float() / temperature).half()
    write_atomically(weights, save(tensors, metadata={"format": "pt", "model": "vtviz-base"}))
