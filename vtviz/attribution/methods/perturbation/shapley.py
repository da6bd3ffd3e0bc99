"""Shapley values of words and squares of the photo, by sampled orders; and how much the text counts."""

from __future__ import annotations

import torch
from torch import Tensor

from vtviz.attribution.base import ManyPasses, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.options import SEED, Choice, Options, choices
from vtviz.attribution.players import Players, square_masks
from vtviz.inputs import Tokens
from vtviz.watch import Watch


class ShapleySampling(ManyPasses):
    """The mean over random orders of what a word or a square adds to the target when it joins those before it.

    Every order shares out target(all) − target(nothing) exactly, so the relevances sum to it (efficiency). Standard
    errors over the ``samples`` orders and MM-SHAP's T-SHAP = Σ|φ_text| / Σ|φ| are in ``Relevance.details``. A missing
    word's pieces are dropped; a missing square of ``window`` patches shows the photo's mean colour. One map stands for
    the whole text.
    """

    name = "shapley"
    label = "Shapley value sampling (MM-SHAP)"
    formula = "φ_i = E over orders of f(before ∪ i) − f(before),  T-SHAP = Σ|φ_text| / Σ|φ|"
    paper = (
        "Castro et al., Polynomial Calculation of the Shapley Value, 2009; Parcalabescu and Frank, MM-SHAP, ACL 2023"
    )
    cost = "S (W + P) F"
    options = choices(samples=Choice(12, 2, 2000), seed=SEED, window=Choice(4, 1, 32))

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return (options.samples or 0) * (len(tokens.words) + len(square_masks(grid, options.window or 1)))

    def photos(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return (options.samples or 0) * (len(square_masks(grid, options.window or 1)) - 1) + 3

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        players, samples = Players(case, options.window or 1), options.samples or 0
        squares = len(players.squares)
        # The order of the squares is drawn first and is the same for all texts, so their photos are encoded once.
        generator = torch.Generator().manual_seed(options.seed or 0)
        keys = torch.rand(samples, squares, generator=generator)
        others = [torch.rand(samples, len(words), generator=generator) for words in players.words]
        watch.step(0, samples * (squares - 1) + 2)
        ends = players.features(torch.tensor([[False] * squares, [True] * squares]), watch.advance)
        added: list[list[Tensor]] = [[] for _ in players.words]
        bounds = [(0.0, 0.0)] * len(players.words)
        for sample in range(samples):
            order = keys[sample].argsort()
            shown = order.argsort()[None, :] < torch.arange(1, squares)[:, None]  # the first 1, 2, … squares
            middle = players.features(shown, watch.advance) if squares > 1 else ends[:0]
            features = torch.cat([ends[:1], middle, ends[1:]])
            for index, words in enumerate(others):
                rank = torch.cat([words[sample], keys[sample]]).argsort().argsort()
                joined = rank[None, :] < torch.arange(len(rank) + 1)[:, None]  # [players + 1, players]
                count = words.shape[1]
                values = players.values(index, joined[:, :count], features, joined[:, count:].sum(dim=1))
                added[index].append(values.diff()[rank])
                bounds[index] = (float(values[0]), float(values[-1]))
        relevances = []
        for index, rows in enumerate(added):
            gains = torch.stack(rows)
            errors = gains.std(dim=0) / samples**0.5
            relevances.append(players.relevance(index, gains.mean(dim=0), bounds[index][1], bounds[index][0], errors))
        return relevances


METHOD = ShapleySampling()
