"""Heads taken away, and statistics of attention."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vtviz.attribution.case import Case
from vtviz.inputs import ImageInput
from vtviz.metrics.attention import coverage, head_similarity
from vtviz.metrics.heads import changes, cross_layers, head_changes, head_importance, value, without_head
from vtviz.models.attention import Attention
from vtviz.models.base import Target
from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Watch


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention(8, 2, "text")

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x)


def test_without_a_head_the_output_is_that_of_the_others() -> None:
    torch.manual_seed(0)
    layer, x = nn.Sequential(SelfAttention()), torch.randn(1, 3, 8)
    attention = layer[0].attention
    queries, keys, values = (
        part(x).unflatten(-1, (2, 4)) for part in (attention.query, attention.key, attention.value)
    )
    weights = (torch.einsum("bqhd,bkhd->bhqk", queries, keys) / 2.0).softmax(dim=-1)
    mixed = torch.einsum("bhqk,bkhd->bqhd", weights, values)
    mixed[:, :, 1] = 0.0
    with record_attention(layer, (), without_head("0.attention", 1)):
        torch.testing.assert_close(layer(x), attention.output(mixed.flatten(2)), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("target", [Target(), Target("caption", 1)])
def test_a_head_without_attention_is_one_whose_output_columns_are_zero(
    tiny: VtvizBase, photo: ImageInput, target: Target
) -> None:
    """To the last bit: what was measured by zeroing columns of the output projection stays true."""
    case, watched = Case(tiny, photo, ["a dog runs"], target), []
    twin = copy.deepcopy(tiny)
    layers, whole = cross_layers(case), value(case)
    wanted = []
    for name, heads in layers:
        output, size = twin.network.get_submodule(name).output, 16 // heads
        for head in range(heads):
            kept = output.weight.data.clone()
            output.weight.data[:, head * size : (head + 1) * size] = 0.0
            with torch.inference_mode():
                wanted.append(float(twin.score(case.features, case.text_of(0), case.scored)) - whole)
            output.weight.data.copy_(kept)
    found = head_changes(case, Watch(lambda now: watched.append((now.done, now.total))))
    assert found is not None and found.ravel().tolist() == wanted and min(map(abs, wanted)) > 0
    assert watched == [(0, 2), (1, 2), (2, 2)]


def test_without_attention_between_text_and_photo_there_is_no_head_to_remove(
    tiny: VtvizBase, photo: ImageInput
) -> None:
    case = Case(tiny, photo, ["a dog runs"], Target("similarity"))
    assert head_changes(case, Watch()) is None and head_importance([case]) is None


def test_importance_is_the_change_of_the_target(tiny: VtvizBase, photo: ImageInput) -> None:
    case = Case(tiny, photo, ["a dog runs"])
    found = head_importance([case])
    assert found is not None and found.shape == (2, 2)
    twin = copy.deepcopy(tiny)
    twin.network.blocks[1].text.attention.output.weight.data[:, :8] = 0.0  # its first head
    with torch.inference_mode():
        whole, less = (float(m.score(case.features, case.text_of(0), case.scored)) for m in (tiny, twin))
    assert found[1, 0] == pytest.approx(abs(less - whole), abs=1e-5) and found[1, 0] > 0
    assert changes(case, whole, *cross_layers(case)[1])[0] == pytest.approx(less - whole, abs=1e-5)


def test_similarity_of_heads_and_coverage_by_hand() -> None:
    same = torch.tensor([[[0.5, 0.5], [1.0, 0.0]]]).expand(3, -1, -1)
    assert head_similarity(same) == pytest.approx(1.0)
    assert head_similarity(torch.eye(2)[:, None]) == pytest.approx(0.0)
    assert np.isnan(head_similarity(torch.ones(1, 2, 2)))
    assert coverage(np.array([[4.0, 1.0], [2.0, 1.0]])) == 0.25 and coverage(np.array([[1.0, 1.0], [1.0, 1.0]])) == 0.5
    assert coverage(np.zeros((2, 2))) == 0.0
