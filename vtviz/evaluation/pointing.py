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
from vtviz.inputs import ImageInput, InputError, normalised
from vtviz.metrics.localisation import in_boxes, points_into
from vtviz.models.base import FusionModel
from vtviz.watch import Watch


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


class PointingGame:
    """Counts how often the maps of phrases peak inside the phrases' boxes; the centre of the photo is the baseline.

    Args:
        candidates: a method and its options, by the name that their figures get.
    """

    def __init__(self, candidates: Mapping[str, tuple[Method, Options]]) -> None:
        self.candidates = candidates
        self.hits = dict.fromkeys(candidates, 0)
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

    def _count(
        self, case: Case, relevances: Mapping[str, list[Relevance]], phrase: Row, caption: str, photo: EncodedPhoto
    ) -> None:
        index, boxes = phrase["caption"], phrase["boxes"]
        stripped = len(caption) - len(caption.lstrip())  # a caption is normalised before it is tokenised
        start, end = (len(normalised(caption[stripped : phrase[edge]])) for edge in ("start", "end"))
        pieces = [i for i, (first, last) in enumerate(case.tokens[index].spans) if first < end and last > start]
        self.phrases += 1
        self.centre += in_boxes((0.5, 0.5), boxes)
        for name, of_captions in relevances.items():
            if pieces:
                phrase_map: np.ndarray = of_captions[index].maps[pieces].mean(axis=0)
                self.hits[name] += points_into(phrase_map, boxes, *photo.size, photo.frame)

    def figures(self) -> dict[str, Any]:
        """Hits and accuracy by name."""
        total = max(self.phrases, 1)
        baseline = self.centre / total
        return {
            name: {"hits": hits, "phrases": self.phrases, "accuracy": hits / total, "centre_baseline": baseline}
            for name, hits in self.hits.items()
        }
