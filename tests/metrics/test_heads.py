"""Heads taken away, and statistics of attention."""

import copy

import numpy as np
import pytest
import torch

from vtviz.attribution.case import Case
from vtviz.inputs import ImageInput
from vtviz.metrics.attention import coverage, head_similarity
from vtviz.metrics.heads import attentions, changes, head_importance, without_head
from vtviz.models.attention import Attention
from vtviz.models.vtviz_base.model import VtvizBase


def test_without_a_head_the_output_is_that_of_the_others() -> None:
    torch.manual_seed(0)
    attention, x = Attention(8, 2, "text"), torch.randn(1, 3, 8)
    before = attention.output.weight.detach().clone()
    queries, keys, values = (
        part(x).unflatten(-1, (2, 4)) for part in (attention.query, attention.key, attention.value)
    )
    weights = (torch.einsum("bqhd,bkhd->bhqk", queries, keys) / 2.0).softmax(dim=-1)
    mixed = torch.einsum("bhqk,bkhd->bqhd", weights, values)
    mixed[:, :, 1] = 0.0
    with without_head(attention, 1, 2):
        torch.testing.assert_close(attention(x, x), attention.output(mixed.flatten(2)), atol=1e-6, rtol=1e-5)
    with pytest.raises(RuntimeError), without_head(attention, 0, 2):
        raise RuntimeError
    assert torch.equal(attention.output.weight, before)


def test_importance_is_the_change_of_the_target(tiny: VtvizBase, photo: ImageInput) -> None:
    case = Case(tiny, photo, ["a dog runs"])
    found = head_importance([case])
    assert found is not None and found.shape == (2, 2)
    twin = copy.deepcopy(tiny)
    twin.network.blocks[1].text.attention.output.weight.data[:, :8] = 0.0  # its first head
    with torch.inference_mode():
        whole, less = (float(m.score(case.features, case.text_of(0), case.scored)) for m in (tiny, twin))
    assert found[1, 0] == pytest.approx(abs(less - whole), abs=1e-5) and found[1, 0] > 0
    layers = case.forward(False, {"text→image"}).attention.layers_of("text→image")
    assert changes(case, whole, *attentions(tiny, layers)[1])[0] == pytest.approx(less - whole, abs=1e-5)


def test_similarity_of_heads_and_coverage_by_hand() -> None:
    same = torch.tensor([[[0.5, 0.5], [1.0, 0.0]]]).expand(3, -1, -1)
    assert head_similarity(same) == pytest.approx(1.0)
    assert head_similarity(torch.eye(2)[:, None]) == pytest.approx(0.0)
    assert np.isnan(head_similarity(torch.ones(1, 2, 2)))
    assert coverage(np.array([[4.0, 1.0], [2.0, 1.0]])) == 0.25 and coverage(np.array([[1.0, 1.0], [1.0, 1.0]])) == 0.5
    assert coverage(np.zeros((2, 2))) == 0.0
