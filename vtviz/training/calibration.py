"""After training: what can only be set once the weights are fixed, measured on the whole dev split."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from vtviz.attribution.registry import methods
from vtviz.metrics.classification import best_threshold, matching_figures
from vtviz.models.vtviz_base.family import load_folder
from vtviz.training.evaluation import Pointing, mismatched, probabilities
from vtviz.training.rows import read_rows

PHOTO_SIZE = (224, 224)
POINTING_PHOTOS = 300


def calibrate(folder: Path, photos: Path, cache: Path) -> dict[str, float]:
    """Sets the calibration of the match logit (Platt scaling), the threshold of highest F1, and the method and layer
    with the highest pointing accuracy, in the model in ``folder``; returns the figures they were chosen by."""
    model = load_folder(folder)
    rows = read_rows(photos / "dev.jsonl")
    features = torch.from_numpy(np.load(cache / "dev-0.npy", mmap_mode="c")).split(1)
    layers = range(model.network.config.fusion_blocks)
    candidates = {f"{name}/{layer}": (method, layer) for name, method in methods().items() for layer in layers}
    pointing = {True: Pointing(candidates), False: Pointing({})}
    right, wrong = [], []
    for index, row in enumerate(tqdm(rows, desc="calibration", disable=None)):
        cached = [features[(index + k) % len(rows)].float() for k in range(len(row["captions"]) + 1)]
        right.append(pointing[index < POINTING_PHOTOS].run(model, cached[0], row, PHOTO_SIZE))
        nearby = dict(zip([(index + k) % len(rows) for k in range(len(cached))], cached, strict=True))
        wrong.append(mismatched(model, nearby, rows, index))
    logits = torch.cat([*right, *wrong]).numpy()
    labels = np.repeat([1, 0], [len(torch.cat(right)), len(torch.cat(wrong))])
    fit = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    slope, shift = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    _rescale(folder / "model.safetensors", slope, shift)
    true, false = (probabilities([slope * each + shift for each in side]) for side in (right, wrong))
    threshold = best_threshold(true, false)
    found = {name: each["accuracy"] for name, each in pointing[True].figures().items()}
    method, layer = max(found, key=lambda name: found[name]).split("/")
    described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    described.update(threshold=threshold, default_method=method, default_layer=int(layer))
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    figures = matching_figures(true, false, threshold)
    return {"auc": figures["auc"], "f1": figures["f1"], **{f"pointing {name}": value for name, value in found.items()}}


def _rescale(weights: Path, slope: float, shift: float) -> None:
    tensors = load_file(weights)
    scale, offset = tensors["calibration"].tolist()
    tensors["calibration"] = torch.tensor([scale * slope, offset * slope + shift], dtype=torch.float16)
    save_file(tensors, weights, metadata={"format": "pt", "model": "vtviz-base"})
