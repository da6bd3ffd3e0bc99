"""What an audit asks of an engine: each request is data, a part of longer work, and lets others pass between its
steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.audit.contract.sheets.decision import Decide as Decide
from vtviz.audit.cost.request import CountPasses as CountPasses
from vtviz.audit.planted.request import PlantCauses as PlantCauses
from vtviz.audit.rows.row import measure_row, methods_for, target_of
from vtviz.audit.rows.wrong_texts import shown_scores
from vtviz.audit.sanity import check_sanity, head_statistics
from vtviz.audit.settings import Settings
from vtviz.inputs import Frame, ImageInput, framed
from vtviz.jobs.door import Workbench
from vtviz.manifests.read import Row
from vtviz.metrics.sanity import Check, Outcome, Probe
from vtviz.models.base import FusionModel
from vtviz.render.overlay import overlay, scaled_photo, to_jpeg
from vtviz.watch import Watch

SIDE = 320  # pixels of a picture's longer side


@dataclass(frozen=True)
class About:
    """A model and its methods, as the report names them; ``threshold`` and ``score_kind`` are those of the model."""

    name: str
    weights_sha256: str
    device: str
    methods: tuple[str, ...]
    threshold: float | None = None
    score_kind: str = ""


@dataclass(frozen=True)
class LookUp:
    """The methods that an audit applies to a model.

    Raises InputError where one of them is not defined for it.
    """

    model: str
    settings: Settings
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> About:
        methods = methods_for(model, self.settings)
        threshold = None if model.threshold is None else float(model.threshold)
        return About(self.model, model.weights_sha256, str(model.device), methods, threshold, model.score_kind)


@dataclass(frozen=True)
class Measured:
    """A record for each method and one for the random ranking, and the map of the first method, ``[h, w]``, on a frame
    of the photo."""

    records: list[dict[str, Any]]
    map: np.ndarray
    frame: Frame


@dataclass(frozen=True)
class MeasureRow:
    """Every method on one row, and every metric on each. The photo is scored with ``others`` too, texts of other
    rows."""

    model: str
    row: Row
    image: ImageInput
    settings: Settings
    others: tuple[str, ...] = ()
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Measured:
        features = workbench.features(model, self.image)
        records, maps = measure_row(model, self.model, self.row, self.image, features, self.settings, watch)
        if self.others:
            records[-1]["wrong_scores"] = shown_scores(model, features, self.others)
        return Measured(records, maps[0], model.frame(self.image))


@dataclass(frozen=True)
class CheckSanity:
    """One sanity check of a method on a few photos and texts."""

    model: str
    method: str
    check: Check
    probes: tuple[Probe, ...]
    seed: int
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Outcome:
        return check_sanity(model, self.method, self.check, self.probes, self.seed, watch)


@dataclass(frozen=True)
class DescribeHeads:
    """How alike and how important the attention heads of a model are on a few photos and texts; None where it has no
    text→image attention."""

    model: str
    probes: tuple[Probe, ...]
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> dict[str, Any] | None:
        return head_statistics(model, self.probes, watch)


@dataclass(frozen=True)
class DrawCase:
    """The heatmap of a row beside its photo, as JPEG."""

    model: str
    method: str
    image: ImageInput
    text: str
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> bytes:
        relevance = attribute_case(Case(model, self.image, [self.text], target_of(model)), self.method)[0]
        return beside(self.image, model.frame(self.image), relevance.image)


def beside(image: ImageInput, frame: Frame, patches: np.ndarray) -> bytes:
    """The frame of a photo, and the same under a map ``[h, w]`` of it, as one JPEG; what speaks against the text is
    left out."""
    seen = framed(image, frame)
    photo = scaled_photo(seen, SIDE)
    both = photo.copy().resize((photo.width * 2 + 6, photo.height))
    both.paste("white", (0, 0, *both.size))
    both.paste(photo, (0, 0))
    both.paste(overlay(seen, patches.clip(min=0.0), max_side=SIDE), (photo.width + 6, 0))
    return to_jpeg(both, 82)
