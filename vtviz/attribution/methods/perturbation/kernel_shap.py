"""KernelSHAP of words and squares of the photo: Shapley values by a weighted linear fit to random coalitions."""

from __future__ import annotations

import torch
from torch import Tensor

from vtviz.attribution.base import ManyPasses, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.options import SEED, Choice, Options, choices
from vtviz.attribution.perturbation import batch_size
from vtviz.attribution.players import Players
from vtviz.inputs import Tokens
from vtviz.watch import Watch


class KernelSHAP(ManyPasses):
    """The linear model of which players are there that fits the target best, coalitions weighted by the Shapley kernel.

    ``samples`` random coalitions of words and squares of ``window`` patches; as many as there are players are the least
    that can tell them apart. What the fit leaves of target(all) − target(nothing) is ``Details.delta``, and MM-SHAP's
    T-SHAP is ``Details.text_share``. Missing players are as in Shapley value sampling. One map stands for the whole
    text.
    """

    name = "kernel_shap"
    label = "KernelSHAP"
    formula = "min_φ Σ_z π(z) (f(z) − φ₀ − Σ z_i φ_i)²"
    paper = "Lundberg and Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017 (Captum)"
    cost = "S F"
    options = choices(samples=Choice(300, 20, 20_000), seed=SEED, window=Choice(4, 1, 32))

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return options.samples or 0

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        players = Players(case, options.window or 1)
        watch.step(0, (options.samples or 0) * len(case.tokens))
        return [self._one(players, index, options, watch) for index in range(len(case.tokens))]

    def _one(self, players: Players, index: int, options: Options, watch: Watch) -> Relevance:
        from captum.attr import KernelShap

        words, count = len(players.words[index]), players.count(index)

        def run(present: Tensor) -> Tensor:
            there = present.bool()
            shown, which = torch.unique(there[:, words:], dim=0, return_inverse=True)
            values = players.values(index, there[:, :words], players.features(shown), which)
            watch.advance(len(present))
            return values

        value, baseline = run(torch.stack([torch.ones(count), torch.zeros(count)])).tolist()
        if count == 1:  # one square and no word: nothing to fit
            return players.relevance(index, torch.tensor([value - baseline]), value, baseline)
        with torch.random.fork_rng(devices=[]):  # Captum draws from torch's own generator
            torch.default_generator.manual_seed(options.seed or 0)
            worth = KernelShap(run).attribute(
                torch.ones(1, count),
                baselines=torch.zeros(1, count),
                n_samples=options.samples or 0,
                perturbations_per_eval=batch_size(players.case.pixels),
            )[0]
        return players.relevance(index, worth, value, baseline)


METHOD = KernelSHAP()
