"""RISE: the mean of random masks, weighted by the target under each."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.attribution.base import Details, ManyPasses, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import of_text, peak_of
from vtviz.attribution.options import SEED, Choice, Options, choices
from vtviz.attribution.perturbation import masked_scores
from vtviz.inputs import Tokens
from vtviz.watch import Watch

SHOWN = 0.5  # the probability that a cell is shown


class RISE(ManyPasses):
    """Σ_n (target_n − mean target) · M_n / Σ_n M_n over random smooth masks M_n, for each patch.

    Cells of ``window`` patches are shown with probability one half, enlarged bilinearly and shifted at random; what is
    covered shows the photo's mean colour. The paper leaves the mean target in, which adds the same to every patch in
    expectation, and noise. Standard errors are in ``Details.image_error``. One map stands for the whole text.
    """

    name = "rise"
    label = "RISE"
    formula = "Σ_n (f_n − mean f) · M_n / Σ_n M_n"
    paper = "Petsiuk, Das and Saenko, RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018"
    cost = "S F"
    scores_words = False
    options = choices(samples=Choice(500, 10, 20_000), seed=SEED, window=Choice(4, 1, 32))

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return (options.samples or 0) + 1

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        grid, total = case.model.grid, options.samples or 0
        size = (int(case.pixels.shape[2]), int(case.pixels.shape[3]))
        draws = Draws(grid, size, options.window or 1, total, options.seed or 0)
        whole = case.values().cpu()
        scores = masked_scores(case, draws.masks, total, watch)
        shown = torch.cat([draws.patches(slice(i, i + 100)) for i in range(0, total, 100)])  # [n, patches]
        often = shown.sum(dim=0).clamp_min(1e-9)  # few masks may never show a patch
        relevances = []
        for index, tokens in enumerate(case.tokens):
            moved = scores[index] - scores[index].mean()
            image = moved @ shown / often
            error = (((moved[:, None] - image) * shown).pow(2).sum(dim=0)).sqrt() / often
            unit = peak_of(image)
            spread = error.reshape(grid).numpy() / (unit or 1.0)
            details = Details(value=float(whole[index]), image_unit=unit, image_error=spread)
            relevances.append(of_text(image, torch.zeros(len(tokens.pieces)), grid, details=details))
        return relevances


class Draws:
    """Random masks that can be made again slice by slice, so that not all are held at once.

    Args:
        grid: rows and columns of patches.
        size: height and width in pixels.
        side: of a cell, in patches.
        total: number of masks.
        seed: of the draws; torch's own generator is left alone.
    """

    def __init__(self, grid: tuple[int, int], size: tuple[int, int], side: int, total: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.grid, self.size = grid, size
        self.cell = [side * length // patches for length, patches in zip(size, grid, strict=True)]
        counts = [-(-length // cell) + 1 for length, cell in zip(size, self.cell, strict=True)]
        self.cells = (torch.rand(total, 1, *counts, generator=generator) < SHOWN).float()
        self.shifts = [torch.randint(cell, (total,), generator=generator).tolist() for cell in self.cell]

    def masks(self, part: slice) -> Tensor:
        """Masks of pixels, ``[n, 1, height, width]`` in 0..1."""
        cells = self.cells[part]
        enlarged = [length * cell for length, cell in zip(cells.shape[2:], self.cell, strict=True)]
        fine = F.interpolate(cells, size=enlarged, mode="bilinear", align_corners=False)
        (height, width), (down, right) = self.size, (shift[part] for shift in self.shifts)
        moved = [mask[:, a : a + height, b : b + width] for mask, a, b in zip(fine, down, right, strict=True)]
        return torch.stack(moved)

    def patches(self, part: slice) -> Tensor:
        """The part of each patch that a mask shows, ``[n, patches]``."""
        return F.adaptive_avg_pool2d(self.masks(part), self.grid).flatten(1)


METHOD = RISE()
