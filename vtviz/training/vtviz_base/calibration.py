"""After training: what can only be set once the weights are fixed, measured on the whole dev split."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from tqdm import tqdm

from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.evaluation.classification import best_threshold, matching_figures
from vtviz.evaluation.evaluate import Pointing, mismatched, probabilities
from vtviz.evaluation.questions import derive, frequent_nouns
from vtviz.evaluation.split import read_rows
from vtviz.models.vtviz_base.family import load_folder
from vtviz.training.vtviz_base.data.small_things import small_things

PHOTO_SIZE = (224, 224)
POINTING_PHOTOS = 300
ANSWER_THRESHOLD = 0.33  # an answer that is likelier wrong than right by two to one is not given
TEMPERATURES = np.geomspace(0.5, 3.0, 41)


def calibrate(folder: Path, photos: Path, cache: Path) -> dict[str, float]:
    """Fits what the model in ``folder`` answers with, and writes it there; returns the figures it was chosen by.

    That is the calibration of the match logit (Platt scaling) and its threshold of highest F1; the temperature of the
    answers (Guo et al., ICML 2017); and the method and layer that point best, in whole captions and at small things in
    short texts.
    """
    model = load_folder(folder)
    rows = read_rows(photos / "dev.jsonl")
    nouns = frequent_nouns(rows)
    features = torch.from_numpy(np.load(cache / "dev-0.npy", mmap_mode="c")).split(1)
    layers = range(model.network.config.fusion_blocks)
    attention = {name: method for name, method in methods().items() if "layer" in method.options}
    candidates = {f"{name}/{k}": (method, Options(layer=k)) for name, method in attention.items() for k in layers}
    pointing, short, without = Pointing(candidates), Pointing(candidates), Pointing({})
    right, wrong, answered, accepted = [], [], [], []
    for index, row in enumerate(tqdm(rows, desc="calibration", disable=None)):
        cached = [features[(index + k) % len(rows)].float() for k in range(len(row["captions"]) + 1)]
        right.append((pointing if index < POINTING_PHOTOS else without).run(model, cached[0], row, PHOTO_SIZE))
        small = small_things(row)
        if index < POINTING_PHOTOS and small["captions"]:
            short.run(model, cached[0], small, PHOTO_SIZE)
        nearby = dict(zip([(index + k) % len(rows) for k in range(len(cached))], cached, strict=True))
        wrong.append(mismatched(model, nearby, rows, index))
        questions = derive(row, nouns) if model.answers else []
        if questions:
            with torch.inference_mode():
                found = model.answer_logits(cached[0], [each.text() for each in questions]).numpy()
            answered.append(found)
            accepted += [model.answers[i] in q.answers for i, q in zip(found.argmax(axis=1), questions, strict=True)]
    logits = torch.cat([*right, *wrong]).numpy()
    labels = np.repeat([1, 0], [len(torch.cat(right)), len(torch.cat(wrong))])
    fit = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    slope, shift = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    temperature = best_temperature(np.concatenate(answered), np.array(accepted)) if answered else 1.0
    _rescale(folder / "model.safetensors", slope, shift, temperature)
    true, false = (probabilities([slope * each + shift for each in side]) for side in (right, wrong))
    threshold = best_threshold(true, false)
    whole, few = ({name: each["accuracy"] for name, each in game.figures().items()} for game in (pointing, short))
    method, layer = max(whole, key=lambda name: whole[name] + few[name]).split("/")
    described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    described.update(threshold=threshold, default_method=method, default_layer=int(layer))
    if answered:
        described.update(answer_threshold=ANSWER_THRESHOLD)
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    figures = matching_figures(true, false, threshold)
    return {
        **{name: figures[name] for name in ("auc", "f1", "ece")},
        "answers": float(np.mean(accepted)) if accepted else 0.0,
        "temperature": temperature,
        **{f"pointing {name}": value for name, value in whole.items()},
        **{f"pointing small {name}": value for name, value in few.items()},
    }


def best_temperature(logits: np.ndarray, right: np.ndarray) -> float:
    """The temperature at which the probability of the best answer, of ``logits [questions, answers]``, tells best
    whether that answer is ``right [questions]``."""

    def loss(temperature: float) -> float:
        best = torch.from_numpy(logits / temperature).softmax(dim=1).max(dim=1).values.double().numpy()
        return float(log_loss(right, best, labels=[False, True]))

    return float(min(TEMPERATURES, key=loss))


def _rescale(weights: Path, slope: float, shift: float, temperature: float) -> None:
    tensors = load_file(weights)
    scale, offset = tensors["calibration"].tolist()
    tensors["calibration"] = torch.tensor([scale * slope, offset * slope + shift], dtype=torch.float16)
    for name in ("answer.output.weight", "answer.output.bias"):
        if name in tensors:
            tensors[name] = (tensors[name].float() / temperature).half()
    save_file(tensors, weights, metadata={"format": "pt", "model": "vtviz-base"})
