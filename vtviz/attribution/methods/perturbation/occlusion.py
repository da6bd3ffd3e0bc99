"""Occlusion: how much the target falls when a square of the photo is covered."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from vtviz.attribution.base import Details, ManyPasses, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import of_text, peak_of
from vtviz.attribution.options import Choice, Options, choices
from vtviz.attribution.perturbation import masked_scores, to_pixels
from vtviz.inputs import Tokens
from vtviz.watch import Watch


class Occlusion(ManyPasses):
    """target(photo) − target(photo with a square covered); a patch has the mean over the squares that cover it.

    The square is ``window`` patches wide, moves by half its side and shows the photo's mean colour. One map stands for
    the whole text; the words are left as they are, so their scores are zeros.
    """

    name = "occlusion"
    label = "Occlusion"
    formula = "f(x) − f(x without a square)"
    paper = "Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014"
    cost = "P F"
    scores_words = False
    options = choices(window=Choice(4, 1, 32))

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return len(squares(grid, options.window or 1)) + 1

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        grid = case.model.grid
        covered = squares(grid, options.window or 1)  # [n, h, w]
        whole = case.values().cpu()
        scores = masked_scores(case, lambda part: to_pixels(~covered[part], case.pixels), len(covered), watch)
        weights = covered.float() / covered.sum(dim=0)  # each patch: the mean over its squares
        relevances = []
        for index, tokens in enumerate(case.tokens):
            image = torch.einsum("n,nhw->hw", whole[index] - scores[index], weights).flatten()
            details = Details(value=float(whole[index]), image_unit=peak_of(image))
            relevances.append(of_text(image, torch.zeros(len(tokens.pieces)), grid, details=details))
        return relevances


def squares(grid: tuple[int, int], side: int) -> Tensor:
    """Masks ``[n, h, w]`` of squares of ``side`` patches, half a side apart, that cover the whole grid; True inside."""
    starts = [_starts(length, side) for length in grid]
    masks = torch.zeros(len(starts[0]) * len(starts[1]), *grid, dtype=torch.bool)
    for mask, (row, column) in zip(masks, product(*starts), strict=True):
        mask[row : row + side, column : column + side] = True
    return masks


def _starts(length: int, side: int) -> list[int]:
    last = max(0, length - side)
    return [*range(0, last, max(1, side // 2)), last]


METHOD = Occlusion()
