"""Texts that do not belong to a photo: those of other rows, by which a model is judged on pairs of both kinds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vtviz.inputs import InputError, check_text
from vtviz.manifests.read import Row
from vtviz.models.base import FusionModel, as_score
from vtviz.models.finite import need_numbers


def wrong_texts(rows: Sequence[Row], count: int) -> dict[int, tuple[str, ...]]:
    """For each row by its number, at most ``count`` texts of the rows after it (and on from the first) that are about
    other photos and describe them; of each photo one text is taken before a second."""
    if not count:
        return {}
    result: dict[int, tuple[str, ...]] = {}
    for place, row in enumerate(rows):
        taken: dict[str, None] = {}
        seen = {row.image}
        for other in (*rows[place + 1 :], *rows[:place]):
            if len(taken) == count:
                break
            fits = other.image not in seen and other.text != row.text and other.label != 0
            if fits and readable(other.text):
                taken.setdefault(other.text)
                seen.add(other.image)
        result[row.number] = tuple(taken)
    return result


def readable(text: str) -> bool:
    """Whether a text has words: one row's empty text must not cost another row its figures."""
    try:
        check_text(text)
    except InputError:
        return False
    return True


@torch.inference_mode()
def shown_scores(model: FusionModel, features: Tensor, texts: Sequence[str]) -> list[float]:
    """The match of a photo (``features [1, patches, channels]``) with each text, as it is shown; one pass a text, none
    over the photo.

    Raises:
        InputError: if a text holds nothing to read.
        ModelError: if a score is not a number.
    """
    logits = model.match_logits(features.expand(len(texts), -1, -1), texts)
    need_numbers(logits)
    return [float(score) for score in as_score(logits.cpu().double(), model.score_kind)]
