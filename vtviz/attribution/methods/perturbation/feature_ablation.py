"""Feature ablation: how much the target falls without each word and each square of the photo."""

from __future__ import annotations

import torch

from vtviz.attribution.base import ManyPasses, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.options import Choice, Options, choices
from vtviz.attribution.players import Players, square_masks
from vtviz.inputs import Tokens
from vtviz.watch import Watch


class FeatureAblation(ManyPasses):
    """target(all) − target(without one word, or one square of ``window`` patches), words and photo in the same units.

    A missing word's pieces are dropped; a missing square shows the photo's mean colour. One map stands for the whole
    text.
    """

    name = "feature_ablation"
    label = "Feature ablation"
    formula = "f(x) − f(x without a word or square)"
    paper = "Zeiler and Fergus, ECCV 2014; Kokhlikyan et al., Captum, 2020"
    cost = "(W + P) F"
    options = choices(window=Choice(2, 1, 32))

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return len(tokens.words) + len(square_masks(grid, options.window or 1)) + 1

    def photos(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return len(square_masks(grid, options.window or 1)) + 1

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        players = Players(case, options.window or 1)
        squares = len(players.squares)
        watch.step(0, squares + 1)
        shown = torch.cat([~torch.eye(squares, dtype=torch.bool), torch.ones(1, squares, dtype=torch.bool)])
        features = players.features(shown, watch.advance)  # the last is the whole photo
        relevances = []
        for index, members in enumerate(players.words):
            words = len(members)
            there = torch.ones(words + squares + 1, words, dtype=torch.bool)
            there[:words] = ~torch.eye(words, dtype=torch.bool)
            which = torch.tensor([squares] * words + [*range(squares + 1)])
            values = players.values(index, there, features, which)
            relevances.append(players.relevance(index, values[-1] - values[:-1], float(values[-1])))
        return relevances


METHOD = FeatureAblation()
