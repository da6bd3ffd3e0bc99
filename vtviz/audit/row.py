"""One row of an audit: a photo and a text, every method on it, every metric on each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Masked
from vtviz.audit.manifest import Row
from vtviz.audit.settings import RANDOM, Settings
from vtviz.inputs import Frame, ImageInput, InputError, read_image
from vtviz.metrics.attention import entropy
from vtviz.metrics.base import Explain, Subject
from vtviz.metrics.baseline import random_ranking
from vtviz.metrics.localisation import Box
from vtviz.metrics.registry import find_metric
from vtviz.models.base import FusionModel, Target
from vtviz.watch import Watch


def measure_row(model: FusionModel, name: str, row: Row, settings: Settings, watch: Watch) -> list[dict[str, Any]]:
    """A record for each method and one for the random ranking: who, what, the model's score, every metric.

    Raises:
        InputError: if the photo or the text cannot be used, or a method is not defined for the model.
        Cancelled: if the watch says so.
    """
    image = read_photo(row)
    case = Case(model, image, [row.text], target_of(model))
    masked = Masked(case, settings.fill, watch)
    boxes, phrase = in_frame(fractions(row, image), model.frame(image)), phrase_of(row, case)
    own = int(np.random.SeedSequence([settings.seed, row.number]).generate_state(1)[0])
    shared = {
        "image_sha256": image.sha256,
        "score": float(masked.without_words(np.ones((1, masked.words), dtype=bool))[0]),
        "attention_entropy": attention_entropy(case),
    }
    found = []
    for method in (*settings.methods_of(model), RANDOM):
        watch.step(0, 1)
        explain = None if method == RANDOM else explainer(model, method, watch)
        relevance = random_ranking(case, own) if explain is None else attribute_case(case, method, watch=watch)[0]
        subject = Subject(case, image, relevance, masked, explain, boxes, phrase, settings.steps, own)
        values: dict[str, float | None] = {}
        for metric in settings.metrics:
            watch.step(0, 1)
            values[metric] = find_metric(metric).take(subject)
        found.append({**blank(row, name, method), **shared, "status": "ok", **values})
    return found


def failed_row(row: Row, name: str, methods: Sequence[str], reason: str) -> list[dict[str, Any]]:
    """The records of a row that could not be measured."""
    return [{**blank(row, name, method), "status": "failed", "reason": reason} for method in (*methods, RANDOM)]


def blank(row: Row, model: str, method: str) -> dict[str, Any]:
    """Which row, model and method a record is of."""
    about = {"row": row.number, "image": row.image.name, "text": row.text, "group": row.group}
    return {"model": model, "method": method, **about}


def read_photo(row: Row) -> ImageInput:
    """The photo of a row. Raises InputError where it cannot be used."""
    try:
        return read_image(row.image.read_bytes())
    except OSError as error:
        raise InputError(
            "The photo {name} cannot be read: {reason}.", name=row.image.name, reason=error.strerror
        ) from error


def explainer(model: FusionModel, method: str, watch: Watch) -> Explain:
    """Explanations of other photos and texts by the same model and method."""
    return lambda image, text: attribute_case(Case(model, image, [text], target_of(model)), method, watch=watch)[0]


def fractions(row: Row, image: ImageInput) -> tuple[Box, ...]:
    """The boxes of a row as fractions of width and height. Raises InputError where one lies outside the photo."""
    if not any(value > 1 for box in row.boxes for value in box):
        return row.boxes
    found = tuple(
        (x0 / image.width, y0 / image.height, x1 / image.width, y1 / image.height) for x0, y0, x1, y1 in row.boxes
    )
    if any(value > 1.001 for box in found for value in box):
        raise InputError(
            "A box lies outside the {width} × {height} photo; correct its numbers.",
            width=image.width,
            height=image.height,
        )
    return found


def in_frame(boxes: tuple[Box, ...], frame: Frame) -> tuple[Box, ...]:
    """Boxes as fractions of the part of the photo that the maps lie on; what lies outside it is cut off."""
    left, top, right, bottom = frame
    wide, high = right - left, bottom - top

    def within(value: float, first: float, size: float) -> float:
        return min(max((value - first) / size, 0.0), 1.0)

    return tuple(
        (within(x0, left, wide), within(y0, top, high), within(x1, left, wide), within(y1, top, high))
        for x0, y0, x1, y1 in boxes
    )


def phrase_of(row: Row, case: Case) -> tuple[int, int] | None:
    """The characters of the phrase in the text as the model reads it."""
    start = case.tokens[0].text.find(row.phrase) if row.phrase else -1
    return None if start < 0 else (start, start + len(row.phrase))


def attention_entropy(case: Case) -> list[list[float]] | None:
    """Mean entropy over the pieces of the text of each head in each text→image layer, ``[layers][heads]``."""
    if "text→image" not in case.model.abilities.kinds[case.target.kind]:
        return None
    forward = case.forward(False, {"text→image"})
    layers = forward.attention.layers_of("text→image")
    return [entropy(forward.rows(each.weights.detach(), 0)).mean(dim=-1).tolist() for each in layers]


def target_of(model: FusionModel) -> Target:
    """What is explained: the match where the model has one."""
    kinds = model.abilities.kinds
    return Target() if "match" in kinds else Target(next(iter(kinds)))
