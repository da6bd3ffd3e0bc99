"""The pointing game on the boxed phrases of captions (Zhang et al., "Top-down Neural Attention by Excitation Backprop",
ECCV 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, methods
from vtviz.evaluation.matching import match_logits
from vtviz.evaluation.photos import EncodedPhoto
from vtviz.evaluation.split import Row
from vtviz.inputs import Frame, ImageInput, InputError, normalised
from vtviz.metrics.localisation import Box, area_under_curve, in_boxes, inside, overlaps, points_into
from vtviz.models.base import FusionModel
from vtviz.watch import Watch

LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 20))  # of the largest value of a map


def pointing_methods(model: FusionModel, names: str | None) -> list[Method]:
    """The methods for the pointing game: those in ``names``, separated by commas; for ``all``, every method that gives
    maps of the model's match; for None, those of them that need only a few passes.

    Raises:
        InputError: if there is no such method, or it gives no map of this model's match.
    """
    if names is None or names == "all":
        with_maps = [method for method in methods().values() if method.maps_of != "none"]
        supported = [method for method in with_maps if not method.supports(model.abilities, "match")]
        return [method for method in supported if names == "all" or not method.perturbs]
    chosen = [find_method(name.strip()) for name in names.split(",")]
    for method in chosen:
        reason = method.supports(model.abilities, "match")
        if reason:
            raise reason
        if method.maps_of == "none":
            raise InputError("{method} has no heatmap, so it cannot play the pointing game.", method=method.label)
    return chosen


class Cover:
    """How well maps cover boxes: the area under the ROC curve, the share of them inside, and the intersection over
    union at the level that is best for all of them. Of signed maps it is the positive part, as they are shown."""

    def __init__(self) -> None:
        self.areas: list[float] = []
        self.energies: list[float] = []
        self.overlaps: list[np.ndarray] = []

    def count(self, relevance: np.ndarray, covered: np.ndarray) -> None:
        """Takes one map ``[h, w]``, and the share of each of its cells that lies in the boxes."""
        positive = relevance.clip(min=0.0)
        area = area_under_curve(positive, covered)
        if area is not None:
            self.areas.append(area)
        self.energies.append(float((positive * covered).sum() / max(float(positive.sum()), 1e-12)))
        self.overlaps.append(overlaps(positive, covered, LEVELS))

    def add(self, other: Cover) -> None:
        """Takes the maps of another one, after its own."""
        self.areas += other.areas
        self.energies += other.energies
        self.overlaps += other.overlaps

    def figures(self) -> dict[str, float | None]:
        """``auc``, ``energy``, ``iou`` and the ``iou_level`` of the largest value at which it is reached.

        ``iou_half`` is that at half of the largest value, which is what people see as marked.
        """
        if not self.overlaps:
            return dict.fromkeys(("auc", "energy", "iou", "iou_level", "iou_half"))
        at = np.mean(self.overlaps, axis=0)
        return {
            "auc": float(np.mean(self.areas)) if self.areas else None,
            "energy": float(np.mean(self.energies)),
            "iou": float(at.max()),
            "iou_level": LEVELS[int(at.argmax())],
            "iou_half": float(at[LEVELS.index(0.5)]),
        }


class PointingGame:
    """Counts how often the maps of phrases peak inside the phrases' boxes, and how well they cover them; the centre of
    the photo is the baseline.

    Args:
        candidates: a method and its options, by the name that their figures get.
    """

    def __init__(self, candidates: Mapping[str, tuple[Method, Options]]) -> None:
        self.candidates = candidates
        self.hits = dict.fromkeys(candidates, 0)
        self.covers = {name: Cover() for name in candidates}
        self.phrases = self.centre = 0

    def play(
        self,
        model: FusionModel,
        photo: EncodedPhoto,
        row: Row,
        image: ImageInput | None = None,
        watch: Watch | None = None,
    ) -> Tensor:
        """Counts the hits on one photo; returns the match logits ``[captions]`` of its own captions.

        All captions of the photo are one case, so what a method does to the photo is done once.

        Args:
            model: what is explained.
            photo: the photo as the model encodes it.
            row: its captions and boxed phrases.
            image: the photo itself, for methods that change it.
            watch: may cancel.
        """
        captions, phrases = row["captions"], row.get("phrases", [])
        if not phrases:
            return match_logits(model, photo.features, captions)
        case = Case(model, image, captions, features=photo.features)
        relevances = {
            name: attribute_case(case, method.name, options, watch)
            for name, (method, options) in self.candidates.items()
        }
        for phrase in phrases:
            self._count(case, relevances, phrase, captions[phrase["caption"]], photo)
        return case.forward(False, ()).values.detach().cpu()

    def add(self, other: PointingGame) -> None:
        """Takes what was counted on other photos with the same candidates, after its own."""
        self.phrases, self.centre = self.phrases + other.phrases, self.centre + other.centre
        for name in self.candidates:
            self.hits[name] += other.hits[name]
            self.covers[name].add(other.covers[name])

    def _count(
        self, case: Case, relevances: Mapping[str, list[Relevance]], phrase: Row, caption: str, photo: EncodedPhoto
    ) -> None:
        index, boxes = phrase["caption"], phrase["boxes"]
        stripped = len(caption) - len(caption.lstrip())  # a caption is normalised before it is tokenised
        start, end = (len(normalised(caption[stripped : phrase[edge]])) for edge in ("start", "end"))
        pieces = [i for i, (first, last) in enumerate(case.tokens[index].spans) if first < end and last > start]
        self.phrases += 1
        self.centre += in_boxes((0.5, 0.5), boxes)
        covered = inside([_in_frame(box, photo.frame) for box in boxes], case.model.grid)
        for name, of_captions in relevances.items():
            if pieces:
                phrase_map: np.ndarray = of_captions[index].maps[pieces].mean(axis=0)
                self.hits[name] += points_into(phrase_map, boxes, *photo.size, photo.frame)
                self.covers[name].count(phrase_map, covered)

    def figures(self) -> dict[str, Any]:
        """Hits and accuracy by name."""
        total = max(self.phrases, 1)
        baseline = self.centre / total
        return {
            name: {"hits": hits, "phrases": self.phrases, "accuracy": hits / total, "centre_baseline": baseline}
            for name, hits in self.hits.items()
        }

    def cover_figures(self) -> dict[str, Any]:
        """How well the maps cover the boxes, by name."""
        return {name: cover.figures() for name, cover in self.covers.items()}


def _in_frame(box: Box, frame: Frame) -> Box:
    """A box of a photo as fractions of a frame of it."""
    left, top, right, bottom = frame
    x0, y0, x1, y1 = box
    width, height = right - left, bottom - top
    return (x0 - left) / width, (y0 - top) / height, (x1 - left) / width, (y1 - top) / height
