"""Integrated gradients of words and patches together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vtviz.attribution.base import COMPLETE, Details, ManyPasses, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import of_text, peak_of
from vtviz.attribution.methods.gradient.gradient_input import embedded
from vtviz.attribution.options import Choice, Options, choices
from vtviz.attribution.perturbation import batches, blank
from vtviz.inputs import Tokens
from vtviz.models.base import EncodedText
from vtviz.watch import Watch

POINTS = 10  # of the path at a time
MOST = 4  # times the steps asked for, where more than that is left


class IntegratedGradients(ManyPasses):
    """(x − x') ∫ ∂target/∂x along the straight path from the baseline x' to the input x, words and photo together.

    The baseline of the text is padding in place of every piece, that of the photo the features of a photo of its mean
    colour. The relevances of all pieces and patches sum to the target's change (completeness). The path is cut into
    parts of ten steps by Gauss–Legendre quadrature. Maxima inside a network break the integrand, so while more than 1 %
    of the change is left, the part that leaves most is halved, up to four times ``samples`` steps in all. What is left
    in the end is ``Details.delta``. One map stands for the whole text.
    """

    name = "integrated_gradients"
    label = "Integrated gradients"
    formula = "(x − x′) · ∫ ∂f/∂x along x′ → x"
    paper = "Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, ICML 2017 (Captum)"
    cost = "S F + S B"
    options = choices(samples=Choice(50, 2, 1000))

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return 2 * (options.samples or 0)

    def photos(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return 2

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        steps, count = options.samples or 0, len(case.tokens)
        with torch.inference_mode():
            grey = case.model.encode_pixels(blank(case.pixels))
        watch.step(0, 2 * steps * count)
        return [self._one(case, index, steps, grey.clone(), watch) for index in range(count)]

    def _one(self, case: Case, index: int, steps: int, grey: Tensor, watch: Watch) -> Relevance:
        path = Path(case, index, grey)
        parts, done = [], steps
        for part in batches(steps, POINTS):
            parts.append(path.part(part.start / steps, part.stop / steps, part.stop - part.start))
            watch.advance(2 * (part.stop - part.start))
        points = min(POINTS, steps)
        value, baseline = path.value(1.0), path.value(0.0)
        enough = COMPLETE * abs(value - baseline)
        while abs(sum(part.left for part in parts)) > enough and done + 2 * points <= MOST * steps:
            worst = max(parts, key=lambda part: abs(part.left))
            parts.remove(worst)
            watch.extend(4 * points)
            middle = (worst.start + worst.end) / 2
            for start, end in ((worst.start, middle), (middle, worst.end)):
                parts.append(path.part(start, end, points))
                watch.advance(2 * points)
            done += 2 * points
        words, image = (torch.stack(shares).sum(dim=0) for shares in zip(*(p.shares for p in parts), strict=True))
        left = value - baseline - float(words.sum() + image.sum())
        tokens = case.pieces(words, index)
        return of_text(image, tokens, case.model.grid, details=Details(value, baseline, left, peak_of(image)))


@dataclass(frozen=True)
class Part:
    """A part of the path from ``start`` to ``end``, 0..1: the ``shares`` of the tokens of the text, ``[text]``, and of
    the patches, ``[patches]``, in the target's change, of which ``left`` is the rest."""

    start: float
    end: float
    shares: tuple[Tensor, Tensor]
    left: float


class Path:
    """The straight path from padding and a photo of one colour to a text and photo of a case.

    Args:
        case: the photo and the texts.
        index: of the text.
        grey: features of the photo of one colour, ``[1, patches, channels]``.
    """

    def __init__(self, case: Case, index: int, grey: Tensor) -> None:
        self.case, self.text = case, case.text_of(index)
        ids, first = self.text.ids, case.model.text_offset
        pieces = case.pieces(torch.ones(ids.shape[1]), index)
        padded = ids.clone()
        padded[0, first : first + int(pieces.sum())] = case.model.pad_id
        self.first = (self._vectors(padded), grey)
        self.last = (self._vectors(ids), case.features.clone())
        self._values: dict[float, float] = {}

    def part(self, start: float, end: float, steps: int) -> Part:
        """The integral over a part of the path, in so many steps, by Captum."""
        from captum.attr import IntegratedGradients

        attributions = IntegratedGradients(self._run).attribute(self._at(end), baselines=self._at(start), n_steps=steps)
        words, photo = (shares.detach().sum(dim=-1)[0] for shares in attributions)
        change = self.value(end) - self.value(start)
        return Part(start, end, (words, photo), change - float(words.sum() + photo.sum()))

    @torch.no_grad()
    def value(self, position: float) -> float:
        """The target at a position on the path, 0..1."""
        if position not in self._values:
            self._values[position] = float(self._run(*self._at(position)))
        return self._values[position]

    def _at(self, position: float) -> tuple[Tensor, Tensor]:
        words, photo = (torch.lerp(a, b, position) for a, b in zip(self.first, self.last, strict=True))
        return words, photo

    def _run(self, words: Tensor, features: Tensor) -> Tensor:
        """The target ``[n]`` of vectors ``words [n, text, width]`` and photos ``features [n, patches, channels]``."""
        model, count = self.case.model, len(words)
        text = EncodedText(self.text.ids.expand(count, -1), self.text.mask.expand(count, -1))
        with embedded(model.embedding(self.case.target), words):
            return self.case.score(features, text).float()

    @torch.no_grad()
    def _vectors(self, ids: Tensor) -> Tensor:
        model = self.case.model
        with embedded(model.embedding(self.case.target)) as vectors:
            self.case.score(self.case.features.clone(), EncodedText(ids, self.text.mask))
        return vectors[0].detach()


METHOD = IntegratedGradients()
