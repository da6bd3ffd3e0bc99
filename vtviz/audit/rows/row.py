"""One row of an audit: a photo and a text, every method on it, every metric on each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Masked
from vtviz.attribution.registry import find_method
from vtviz.audit.rows.choices import choice_values, masks_of
from vtviz.audit.settings import RANDOM, Settings
from vtviz.inputs import Frame, ImageInput, InputError, Tokens, composed, split_words
from vtviz.manifests.read import Row
from vtviz.metrics.agreement import agreements
from vtviz.metrics.attention import entropy
from vtviz.metrics.base import Explain, Subject
from vtviz.metrics.baseline import random_ranking
from vtviz.metrics.localisation import Box
from vtviz.metrics.registry import find_metric
from vtviz.models.base import FusionModel, Target
from vtviz.models.finite import need_numbers
from vtviz.watch import Watch

BEYOND = 0.001  # of a side: what a box may reach over the edge of the photo by rounding
TRUNCATED = "The text is too long for the model, which did not read its end."
OUTSIDE = (
    "The boxes lie outside the part of the photo that the model sees, so metrics that need boxes were not measured."
)


def measure_row(
    model: FusionModel,
    name: str,
    row: Row,
    image: ImageInput,
    features: Tensor,
    settings: Settings,
    watch: Watch,
) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    """A record for each method and one for the random ranking: who, what, the model's score, every metric; and the map
    of each, ``[h, w]``. ``features`` are those of the photo.

    Raises:
        InputError: if the photo or the text cannot be used, or a method is not defined for the model.
        ModelError: if the score is not a number.
        Cancelled: if the watch says so.
    """
    case = Case(model, image, [row.text], target_of(model), features)
    phrase, (boxes, note) = phrase_of(row, case.tokens[0]), boxes_of(row, image, model.frame(image))
    masked = Masked(case, settings.fill, watch)
    own = row_seed(settings.seed, image.sha256, row.text)
    shared = {
        "image_sha256": image.sha256,
        "score": float(masked.without_words(np.ones((1, masked.words), dtype=bool))[0]),
        "attention_entropy": attention_entropy(case),
        "notes": [*([TRUNCATED] if case.tokens[0].truncated else []), *([note] if note else [])],
    }
    need_numbers(np.array(shared["score"]))
    result, maps = [], list[np.ndarray]()
    masks = masks_of(case, masked) if settings.choices else {}
    for method in (*settings.methods_of(model), RANDOM):
        watch.check()
        explain = None if method == RANDOM else explainer(model, method, watch)
        relevance = random_ranking(case, own) if explain is None else attribute_case(case, method, watch=watch)[0]
        subject = Subject(case, image, relevance, masked, explain, boxes, phrase, settings.steps, own)
        values: dict[str, float | None] = {}
        for metric in settings.metrics:
            watch.check()
            values[metric] = find_metric(metric).take(subject)
        result.append({**blank(row, name, method), **shared, "status": "ok", **values})
        if settings.choices:
            result[-1]["choices"] = choice_values(masks, subject.patch_scores, settings)
        maps.append(relevance.image)
    if settings.agreement:
        result[-1]["agreement"] = agreements(maps[:-1])
    return result, maps


def row_seed(seed: int, image_sha256: str, text: str) -> int:
    """What everything random about a row follows: its photo and text, wherever it stands in a manifest."""
    digest = hashlib.sha256(f"{seed} {image_sha256} {text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4])


def failed_row(row: Row, name: str, methods: Sequence[str], reason: str) -> list[dict[str, Any]]:
    """The records of a row that could not be measured."""
    return [{**blank(row, name, method), "status": "failed", "reason": reason} for method in (*methods, RANDOM)]


def blank(row: Row, model: str, method: str) -> dict[str, Any]:
    """Which row, model and method a record is of."""
    about = {"row": row.number, "image": row.image.name, "text": row.text, "group": row.group}
    return {"model": model, "method": method, **about}


def explainer(model: FusionModel, method: str, watch: Watch) -> Explain:
    """Explanations of other photos and texts by the same model and method."""
    return lambda image, text: attribute_case(Case(model, image, [text], target_of(model)), method, watch=watch)[0]


def boxes_of(row: Row, image: ImageInput, frame: Frame) -> tuple[tuple[Box, ...], str]:
    """The boxes of a row as fractions of the part of the photo that the maps lie on, and a note where none is left.

    Raises:
        InputError: if a box lies outside the photo, or it cannot be told whether it is in fractions or in pixels.
    """
    boxes = in_frame(fractions(row, image), frame)
    return boxes, OUTSIDE if row.boxes and not boxes else ""


def fractions(row: Row, image: ImageInput) -> tuple[Box, ...]:
    """The boxes of a row as fractions of width and height.

    Raises:
        InputError: if a box lies outside the photo, or it cannot be told whether it is in fractions or in pixels.
    """
    wide, high = image.file_size if row.unit == "pixel" else (1, 1)
    if row.unit == "unclear":
        raise InputError(
            "Other boxes of the manifest are in pixels, and these may be fractions; name the unit in a column `unit`."
        )
    result = tuple((x0 / wide, y0 / high, x1 / wide, y1 / high) for x0, y0, x1, y1 in row.boxes)
    if any(value > 1 + BEYOND for box in result for value in box):
        raise InputError(
            "A box lies outside the {width} × {height} photo; check its numbers, or name their unit in a column "
            "`unit`: fraction or pixel.",
            width=image.file_size[0],
            height=image.file_size[1],
        )
    return tuple((x0, y0, min(x1, 1.0), min(y1, 1.0)) for x0, y0, x1, y1 in result)


def in_frame(boxes: tuple[Box, ...], frame: Frame) -> tuple[Box, ...]:
    """Boxes as fractions of the part of the photo that the maps lie on; what lies outside it is cut off."""
    left, top, right, bottom = frame
    wide, high = right - left, bottom - top

    def within(value: float, first: float, size: float) -> float:
        return min(max((value - first) / size, 0.0), 1.0)

    result = (
        (within(x0, left, wide), within(y0, top, high), within(x1, left, wide), within(y1, top, high))
        for x0, y0, x1, y1 in boxes
    )
    return tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in result if x0 < x1 and y0 < y1)


def phrase_of(row: Row, tokens: Tokens) -> tuple[int, int] | None:
    """The characters of the phrase, in whole words, in the text as the model reads it; None for the whole text.

    Raises:
        InputError: if the text as the model reads it does not hold the phrase as words of its own, or the model does
            not read that far.
    """
    if not row.phrase:
        return None
    span = next(phrase_spans(tokens.text, composed(row.phrase)), None)
    if span is None:
        raise InputError(
            "The phrase {phrase} does not occur in the text as whole words; copy it from the text.",
            phrase=row.phrase,
        )
    if not any(first < span[1] and last > span[0] for first, last in tokens.spans):
        raise InputError(
            "The text is too long for the model, which did not read the phrase {phrase}; shorten the text.",
            phrase=row.phrase,
        )
    return span


def phrase_spans(text: str, phrase: str) -> Iterator[tuple[int, int]]:
    """Where a phrase stands in a text and does not begin or end inside a word."""
    inside = {index for word in split_words(text) for index in range(word.start + 1, word.end)}
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        if start not in inside and end not in inside:
            yield start, end
        start = text.find(phrase, start + 1)


def attention_entropy(case: Case) -> list[list[float]] | None:
    """Mean entropy over the pieces of the text of each head in each text→image layer, ``[layers][heads]``."""
    if "text→image" not in case.model.abilities.kinds[case.target.kind]:
        return None
    forward = case.forward(False, {"text→image"})
    layers = forward.attention.layers_of("text→image")
    return [entropy(forward.rows(item.weights.detach(), 0)).mean(dim=-1).tolist() for item in layers]


def methods_for(model: FusionModel, settings: Settings) -> tuple[str, ...]:
    """The methods that an audit applies to a model.

    Raises:
        InputError: if one of them is not defined for it.
    """
    methods = settings.methods_of(model)
    for method in methods:
        reason = find_method(method).supports(model.abilities, target_of(model).kind)
        if reason:
            raise reason
    return methods


def target_of(model: FusionModel) -> Target:
    """What is explained: the match where the model has one."""
    kinds = model.abilities.kinds
    return Target() if "match" in kinds else Target(next(iter(kinds)))
