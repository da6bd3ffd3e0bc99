"""What is asked of an engine to count the passes of an audit: nothing of the audit itself is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from vtviz.attribution.base import complete
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method
from vtviz.audit.planted.shortcut import tuning_passes
from vtviz.audit.planted.trials import PLANTED, SPREAD_OF, learnt_on
from vtviz.audit.rows.row import methods_for, target_of
from vtviz.audit.settings import Settings
from vtviz.chinese import language_of
from vtviz.inputs import ImageInput, Tokens
from vtviz.jobs.door import Workbench
from vtviz.metrics.base import Size
from vtviz.metrics.heads import cross_layers
from vtviz.metrics.registry import find_metric
from vtviz.metrics.sanity import stages_of
from vtviz.models.base import FusionModel
from vtviz.watch import Watch

FILLS_AND_STEPS = 10  # times the steps, for a method: both curves, three fills, k and 2 k steps, less what is known
ASKED = {"watermark": 2, "swap": 2, "distractor": 3}  # photos for a trial, before any method
TIMED = 2  # passes of each kind, after a first one
SIDE = 256  # pixels of the photo that the time is taken with


@dataclass(frozen=True)
class Passes:
    """Passes over ``photos``, which are encoded and scored, and over ``texts``, which are scored with the features of a
    photo that is known. A gradient counts as one more of the latter."""

    photos: float = 0.0
    texts: float = 0.0

    def __add__(self, other: Passes) -> Passes:
        return Passes(self.photos + other.photos, self.texts + other.texts)

    def __mul__(self, times: float) -> Passes:
        return Passes(self.photos * times, self.texts * times)


@dataclass(frozen=True)
class Counted:
    """The passes of each part of an audit of one model, and the milliseconds that one over a photo and one over a text
    take."""

    parts: dict[str, Passes]
    photo_ms: float
    text_ms: float


@dataclass(frozen=True)
class CountPasses:
    """How many passes an audit of ``rows`` rows about ``photos`` photos will take, by texts like ``texts``.

    Every extra of ``settings`` is a part of its own. ``probes`` rows take part in the sanity checks, ``slow_probes``
    for methods that run the model many times, ``carriers`` photos in the planted causes, and so many ``pictures`` are
    drawn for each method. Raises InputError where a method is not defined for the model.
    """

    model: str
    settings: Settings
    rows: int
    photos: int
    texts: tuple[str, ...]
    probes: int
    slow_probes: int
    pictures: int
    carriers: int
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Counted:
        texts = [model.tokenize(text) for text in self.texts]
        each = {
            name: sum((_method(model, name, tokens) for tokens in texts), Passes()) * (1 / len(texts))
            for name in methods_for(model, self.settings)
        }
        words = round(sum(len(tokens.words) for tokens in texts) / len(texts))
        parts = {
            "rows": self._row(model, each, words) * self.rows,
            "checks": self._checks(model, each),
            "report": sum((cost * self.pictures for cost in each.values()), Passes()),
        }
        if self.settings.wrong_texts:
            parts["wrong_texts"] = Passes(texts=self.settings.wrong_texts) * self.rows
        if self.settings.choices:
            parts["choices"] = self._choices(model, len(each)) * self.rows
        if self.settings.planted:
            parts["planted"] = self._planted(model, each)
        return Counted(parts, *_pace(model, self.texts[0]))

    def _row(self, model: FusionModel, each: dict[str, Passes], words: int) -> Passes:
        """Of one row: each method, and each metric for every method and the random ranking."""
        size = Size(self.settings.steps, words, model.grid[0] * model.grid[1])
        looks = "text→image" in model.abilities.kinds[target_of(model).kind]
        total, once = Passes(1, looks), 0
        for cost in each.values():
            total += Passes(cost.photos - 1, cost.texts + 1)
        for name in self.settings.metrics:
            metric = find_metric(name)
            work = metric.work(size)
            once = max(once, work.once)
            ranked = 1 + sum("words" not in metric.needs or find_method(method).scores_words for method in each)
            total += Passes(work.photos, work.texts) * ranked
            total += sum((cost * work.explanations for cost in each.values()), Passes())
        return total + Passes(once)

    def _choices(self, model: FusionModel, methods: int) -> Passes:
        steps = min(self.settings.steps, model.grid[0] * model.grid[1])
        missing = 2 - len({"insertion", "deletion"} & set(self.settings.metrics))
        return Passes((FILLS_AND_STEPS + missing) * steps) * (methods + 1)

    def _checks(self, model: FusionModel, each: dict[str, Passes]) -> Passes:
        """Two randomisations of every stage of the weights, another text, another answer; and the heads."""
        stages = len(stages_of(model))
        answers = 2 * ("answer" in model.abilities.kinds)
        case = Case(model, _photo(), [self.texts[0]], target_of(model))
        heads = [heads for _, heads in cross_layers(case)]
        total = Passes(1, 2 + sum(heads)) * (self.probes if heads else 0)
        for name, cost in each.items():
            method = find_method(name)
            probes = self.slow_probes if method.perturbs else self.probes
            asked = answers if method.supports(model.abilities, "answer") is None else 0
            total += cost * (probes * (2 * (stages + 1) + 2 + asked))
        return total

    def _planted(self, model: FusionModel, each: dict[str, Passes]) -> Passes:
        count = self.settings.planted
        photos, texts = tuning_passes(learnt_on(language_of(self.texts[0])))
        trials = sum((cost * (count * len(PLANTED)) for cost in each.values()), Passes())
        asked = sum(ASKED.values()) * count + len(PLANTED) * 2 * min(SPREAD_OF, self.carriers)
        return trials + Passes(asked, asked) + Passes(photos, texts)


def _photo() -> ImageInput:
    return ImageInput(np.zeros((SIDE, SIDE, 3), dtype=np.uint8), "")


def _method(model: FusionModel, name: str, tokens: Tokens) -> Passes:
    """Of a method on a photo that is not known yet."""
    method = find_method(name)
    options = complete(method, Options())
    photos = method.photos(tokens, model.grid, options)
    return Passes(photos, method.passes(tokens, model.grid, options) - photos)


@torch.inference_mode()
def _pace(model: FusionModel, text: str) -> tuple[float, float]:
    """Milliseconds of a pass over a photo and of one over a text, on this machine at this moment."""
    pixels = model.pixels(_photo())
    features, target = model.encode_pixels(pixels), target_of(model)
    encode = _milliseconds(lambda: model.encode_pixels(pixels))
    score = _milliseconds(lambda: model.score(features, model.encode_texts([text]), target).cpu())
    return encode + score, score


def _milliseconds(run: Callable[[], object]) -> float:
    run()
    began = time.perf_counter()
    for _ in range(TIMED):
        run()
    return (time.perf_counter() - began) * 1000 / TIMED
