"""Measures a model on a split, as ``vtviz evaluate`` reports it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from scipy.stats import kendalltau
from torch import Tensor
from tqdm import tqdm

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Method
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, methods
from vtviz.evaluation.captions_and_answers import answer_figures, caption_figures
from vtviz.evaluation.classification import matching_figures
from vtviz.evaluation.retrieval import recall
from vtviz.evaluation.split import Row, read_rows
from vtviz.inputs import WHOLE_FRAME, Frame, ImageInput, InputError, read_image
from vtviz.metrics.localisation import in_boxes, peak
from vtviz.models.base import AnswerModel, CaptionModel, FusionModel

BLOCK = 100
Each = TypeVar("Each")


def read_split(data: Path, split: str, limit: int | None = None) -> list[Row]:
    """The rows of a split, ``data/split.jsonl``.

    Raises:
        InputError: if it is missing, empty, or not JSON lines with ``image`` and ``captions``.
    """
    path = data / f"{split}.jsonl"
    if not path.is_file():
        raise InputError(f"There is no split {split} in {data.name}: the file {path.name} is missing.")
    rows = read_rows(path, ("image", "captions"))[:limit]
    for row in rows:
        if not row["captions"]:
            raise InputError(f"The photo {row['image']} in {path.name} has no captions.")
    return rows


def pointing_methods(model: FusionModel, names: str | None) -> list[Method]:
    """The methods for the pointing game: those of ``names``, with commas; ``all`` that give a map of the model's match;
    or where None those of them that need a few passes only.

    Raises:
        InputError: if there is no such method, or it gives no map of this model's match.
    """
    if names is None or names == "all":
        found = [
            each
            for each in methods().values()
            if each.maps_of != "none" and not each.supports(model.abilities, "match")
        ]
        return [each for each in found if names == "all" or not each.perturbs]
    chosen = [find_method(name.strip()) for name in names.split(",")]
    for method in chosen:
        reason = method.supports(model.abilities, "match")
        if reason:
            raise reason
        if method.maps_of == "none":
            raise InputError(f"{method.label} gives no map, so it cannot point.")
    return chosen


def evaluate(
    model: FusionModel,
    data: Path,
    rows: list[Row],
    chosen: Sequence[Method],
    judgements: Path | None = None,
    pointing_only: bool = False,
) -> dict[str, Any]:
    """Matching, retrieval and pointing figures, those of captions and answers where the model gives any, and agreement
    with judgements where a file of them is given.

    Args:
        data: the folder with ``images/``.
        rows: the photos with their captions and boxed phrases.
        chosen: attribution methods for the pointing game, all of them defined for the model's match.
        judgements: JSON lines of ``image``, ``text`` and ``ratings``.
        pointing_only: nothing but the pointing game, as slow methods are measured apart.

    Raises:
        InputError: if a photo is missing or cannot be read, or there are fewer than two photos.
    """
    if len(rows) < 2:
        raise InputError("Matching needs at least two photos; raise the limit or give more data.")
    photos = _Photos(model, data)
    features, sizes, frames = [], [], []
    for row in _progress(rows, "photos"):
        image, encoded = photos.read(row["image"])
        features.append(encoded)
        sizes.append((image.width, image.height))
        frames.append(model.frame(image))
    figures: dict[str, Any] = {"photos": len(rows), "captions": sum(len(row["captions"]) for row in rows)}
    pointing = Pointing({method.name: (method, Options()) for method in chosen})
    from_pixels = model.attention_in_pixels or any(method.perturbs for method in chosen)  # others need no photo
    right, wrong = [], []
    for index, row in enumerate(_progress(rows, "matching and pointing")):
        photo = photos.image(row["image"]) if from_pixels else None
        right.append(pointing.run(model, features[index], row, sizes[index], photo, frames[index]))
        if pointing_only:
            continue
        wrong.append(mismatched(model, features, rows, index))
    if pointing_only:
        return {**figures, "pointing": pointing.figures()}
    figures["matching"] = matching_figures(probabilities(right), probabilities(wrong), model.threshold)
    figures["retrieval"] = _retrieval(model, features, rows)
    if any(row.get("phrases") for row in rows):
        figures["pointing"] = pointing.figures()
    if isinstance(model, CaptionModel):
        figures["caption"] = caption_figures(model, features, rows)
    if isinstance(model, AnswerModel):
        answers = answer_figures(model, features, rows)
        figures.update({"answers": answers} if answers else {})
    if judgements is not None:
        figures["judgements"] = _agreement(model, photos, judgements)
    return figures


class _Photos:
    def __init__(self, model: FusionModel, data: Path) -> None:
        self.model, self.folder = model, data / "images"

    def read(self, name: str) -> tuple[ImageInput, Tensor]:
        image = self.image(name)
        return image, self.model.encode_image(image)

    def image(self, name: str) -> ImageInput:
        try:
            return read_image((self.folder / name).read_bytes())
        except OSError as error:
            raise InputError(f"The photo {name} cannot be read.") from error
        except InputError as error:
            raise InputError(f"The photo {name} cannot be used. {error}") from error


class Pointing:
    """The pointing game; the centre of the photo is the baseline.

    Args:
        candidates: a method and what is set about it, by the name of their figures.
    """

    def __init__(self, candidates: Mapping[str, tuple[Method, Options]]) -> None:
        self.candidates = candidates
        self.hits = dict.fromkeys(candidates, 0)
        self.phrases = self.centre = 0

    def run(
        self,
        model: FusionModel,
        features: Tensor,
        row: Row,
        size: tuple[int, int],
        image: ImageInput | None = None,
        frame: Frame = WHOLE_FRAME,
    ) -> Tensor:
        """Counts the hits of one photo of ``size`` pixels, whose maps lie on ``frame`` of it; the logits ``[captions]``
        of its own captions.

        All captions of the photo are one case, so what a method does to the photo is done once. Only methods that
        change the photo need the ``image`` itself.
        """
        captions, phrases = row["captions"], row.get("phrases", [])
        if not phrases:
            return match_logits(model, features, captions)
        case = Case(model, image, captions, features=features)
        found = {
            name: attribute_case(case, method.name, options) for name, (method, options) in self.candidates.items()
        }
        for phrase in phrases:
            caption, boxes = phrase["caption"], phrase["boxes"]
            # A caption is stripped before it is tokenised, so its characters may have moved.
            moved = len(captions[caption]) - len(captions[caption].lstrip())
            start, end = phrase["start"] - moved, phrase["end"] - moved
            pieces = [i for i, (a, b) in enumerate(case.tokens[caption].spans) if a < end and b > start]
            self.phrases += 1
            self.centre += in_boxes((0.5, 0.5), boxes)
            for name, relevances in found.items():
                if pieces:
                    phrase_map = relevances[caption].maps[pieces].mean(axis=0)
                    self.hits[name] += in_boxes(peak(phrase_map, *size, frame), boxes)
        return case.forward(False, ()).values.detach().cpu()

    def figures(self) -> dict[str, Any]:
        """Hits and accuracy by name."""
        total = max(self.phrases, 1)
        baseline = self.centre / total
        return {
            name: {"hits": hits, "phrases": self.phrases, "accuracy": hits / total, "centre_baseline": baseline}
            for name, hits in self.hits.items()
        }


@torch.inference_mode()
def match_logits(model: FusionModel, features: Tensor, captions: list[str]) -> Tensor:
    """Logits ``[captions]`` of the captions of one photo."""
    return model.match_logits(features.expand(len(captions), -1, -1), captions).cpu()


@torch.inference_mode()
def mismatched(
    model: FusionModel, features: Mapping[int, Tensor] | Sequence[Tensor], rows: list[Row], index: int
) -> Tensor:
    """Logits ``[captions]`` of caption k of photo ``index`` with photo (index + 1 + k) mod N."""
    captions: list[str] = rows[index]["captions"]
    others = torch.cat([features[(index + 1 + k) % len(rows)] for k in range(len(captions))])
    return model.match_logits(others, captions).cpu()


def probabilities(logits: list[Tensor]) -> np.ndarray:
    """Match probabilities of blocks of logits."""
    return torch.cat(logits).sigmoid().numpy()


def _retrieval(model: FusionModel, features: list[Tensor], rows: list[Row]) -> dict[str, Any]:
    images = [model.index_images(torch.cat(features[i : i + BLOCK])) for i in range(0, len(features), BLOCK)]
    texts = [caption for row in rows for caption in row["captions"]]
    owner = torch.tensor([index for index, row in enumerate(rows) for _ in row["captions"]])
    parts = []
    for first in _progress(range(0, len(texts), BLOCK), "retrieval"):
        block = model.index_texts(texts[first : first + BLOCK])
        parts.append(torch.cat([model.similarity(block, each).cpu() for each in images], dim=1))
    return recall(torch.cat(parts), owner)


def _agreement(model: FusionModel, photos: _Photos, path: Path) -> dict[str, Any]:
    """Kendall's τ-c (Stuart 1953) between the match score of a photo with a text and every single rating of it."""
    if not path.is_file():
        raise InputError(f"The file of judgements {path.name} is missing.")
    features: dict[str, Tensor] = {}
    scores, ratings = [], []
    for row in _progress(read_rows(path, ("image", "text", "ratings")), "judgements"):
        if row["image"] not in features:
            features[row["image"]] = photos.read(row["image"])[1]
        with torch.inference_mode():
            logit = float(model.match_logits(features[row["image"]], [row["text"]]))
        scores += [logit] * len(row["ratings"])
        ratings += row["ratings"]
    return {"tau_c": float(kendalltau(scores, ratings, variant="c").statistic), "n": len(ratings)}


def _progress(items: Sequence[Each] | range, what: str) -> Iterator[Any]:
    return iter(tqdm(items, desc=what, disable=None))
