"""Leave one word out: how much the target falls without each word."""

from __future__ import annotations

import torch

from vtviz.attribution.base import Details, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import of_text
from vtviz.attribution.options import Options
from vtviz.attribution.perturbation import score
from vtviz.attribution.players import word_members
from vtviz.inputs import Tokens
from vtviz.watch import Watch


class LeaveOneWordOut(Method):
    """target(text) − target(text without the word), as if the word had never been written.

    The pieces of a word share its score evenly. It says nothing about the photo, so all maps are zeros.
    """

    name = "leave_one_out"
    label = "Leave one word out"
    formula = "f(text) − f(text without the word)"
    paper = "Li, Monroe and Jurafsky, Understanding Neural Networks through Representation Erasure, 2016"
    cost = "W F"
    signed = True
    maps_of = "none"

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return len(tokens.words) + 1

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        rows, columns = case.model.grid
        whole, relevances = case.values(), []
        for index in range(len(case.tokens)):
            members = word_members(case, index)
            scores = torch.zeros(members.shape[1])
            if len(members):  # the first piece of a caption follows no word
                drops = whole[index].cpu() - score(case, case.features, case.keep(index, ~members))
                scores = (drops[:, None] * members / members.sum(dim=1, keepdim=True)).sum(dim=0)
            details = Details(value=float(whole[index]))
            none = torch.zeros(rows * columns)
            relevances.append(of_text(none, scores, case.model.grid, details=details, maps_of="none"))
        return relevances


METHOD = LeaveOneWordOut()
