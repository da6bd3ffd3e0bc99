"""Raw attention and attention Grad-CAM against loops and gradients by hand."""

import math
import weakref
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import Tensor

from vtviz.attribution.case import ForwardPass
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, methods
from vtviz.inputs import InputError
from vtviz.models.recorder import RecordedLayer, Recording
from vtviz.watch import Watch


def forward_pass(attention: Tensor, logits: Tensor, grid: tuple[int, int], pieces: int) -> Any:
    """A pass of a model with one text→image layer, ``attention [batch, heads, text, patches]``."""
    recording = Recording()
    nothing = torch.empty(0)
    recording.layers.append(RecordedLayer("cross", "text→image", attention, nothing, nothing, nothing, nothing))
    abilities = SimpleNamespace(kinds={"match": frozenset({"text→image", "image→text"})})
    model: Any = SimpleNamespace(text_offset=1, image_offset=0, grid=grid, default_layer=0, abilities=abilities)
    tokens: Any = [SimpleNamespace(pieces=("x",) * pieces) for _ in range(len(attention))]
    case: Any = Mock(model=model, tokens=tokens)  # a SimpleNamespace cannot be held weakly
    case.target.kind = "match"
    case.rows = lambda values, index: values[..., 1 : 1 + pieces, :]
    case.pieces = lambda values, index: values[..., 1 : 1 + pieces]
    case.forward = lambda gradient, kinds: ForwardPass(weakref.ref(case), logits, recording)
    return case


def test_raw_attention_by_hand() -> None:
    attention = torch.tensor(
        [[[[0.25] * 4, [0.7, 0.1, 0.1, 0.1], [0.25] * 4], [[0.25] * 4, [0.1, 0.7, 0.1, 0.1], [0.25] * 4]]]
    )
    forward = forward_pass(attention, torch.zeros(1), (2, 2), pieces=2)
    method = find_method("raw_attention")
    (relevance,) = method.attribute(forward, Options(), Watch())
    np.testing.assert_allclose(relevance.maps[0], [[1.0, 1.0], [0.25, 0.25]], atol=1e-6)
    entropy = -(2 * 0.4 * math.log(0.4) + 2 * 0.1 * math.log(0.1))
    np.testing.assert_allclose(relevance.tokens, [1 - entropy / math.log(4), 0.0], atol=1e-6)
    (one,) = method.attribute(forward, Options(layer=0, head=1), Watch())
    np.testing.assert_allclose(one.maps[0], [[1 / 7, 1.0], [1 / 7, 1 / 7]], atol=1e-6)


def test_a_token_of_raw_attention_counts_as_much_as_the_patches_attend_to_it() -> None:
    attention = torch.rand(1, 2, 3, 4).softmax(dim=-1)
    back = torch.tensor(
        [[[[0.1, 0.8, 0.1], [0.3, 0.6, 0.1]] * 2, [[0.2, 0.2, 0.6], [0.4, 0.4, 0.2]] * 2]]  # [1, heads, patches, text]
    )
    case = forward_pass(attention, torch.zeros(1), (2, 2), pieces=2)
    recording, nothing = case.forward(False, ()).attention, torch.empty(0)
    recording.layers.append(RecordedLayer("back", "image→text", back, nothing, nothing, nothing, nothing))
    method = find_method("raw_attention")
    (mean,) = method.attribute(case, Options(), Watch())
    np.testing.assert_allclose(mean.tokens, [(0.7 + 0.3) / 2, (0.1 + 0.4) / 2], atol=1e-6)
    (one,) = method.attribute(case, Options(head=1), Watch())
    np.testing.assert_allclose(one.tokens, [0.3, 0.4], atol=1e-6)


def test_gradcam_agrees_with_finite_differences_for_every_text_of_a_batch() -> None:
    torch.manual_seed(0)
    attention = torch.rand(2, 2, 4, 6, dtype=torch.float64).softmax(dim=-1).requires_grad_()
    values = torch.randn(2, 6, 3, dtype=torch.float64)

    def answers(weights: Tensor) -> Tensor:
        return (torch.tanh(weights @ values).pow(2) - weights @ values).sum(dim=(1, 2, 3))

    forward = forward_pass(attention, answers(attention), (2, 3), pieces=2)
    relevances = find_method("attention_gradcam").attribute(forward, Options(), Watch())
    for index, relevance in enumerate(relevances):
        expected = np.zeros((2, 6))
        for head, piece, patch in np.ndindex(2, 2, 6):
            with torch.no_grad():
                nudge = torch.zeros_like(attention)
                nudge[index, head, piece + 1, patch] = 1e-6
                slope = (answers(attention + nudge) - answers(attention - nudge))[index].item() / 2e-6
            expected[piece, patch] += attention[index, head, piece + 1, patch].item() * max(slope, 0.0) / 2
        np.testing.assert_allclose(relevance.tokens, expected.sum(axis=1), atol=1e-5)
        np.testing.assert_allclose(
            relevance.maps.reshape(2, 6), expected / expected.max(axis=1, keepdims=True), atol=1e-5
        )
    assert attention.grad is None


def test_gradcam_without_positive_gradient_is_zero_not_nan() -> None:
    attention = torch.full((1, 1, 3, 4), 0.25, requires_grad=True)
    forward = forward_pass(attention, -attention.sum(dim=(1, 2, 3)), (2, 2), pieces=1)
    (relevance,) = find_method("attention_gradcam").attribute(forward, Options(), Watch())
    assert (relevance.maps == 0).all() and (relevance.tokens == 0).all()


@pytest.mark.parametrize(("layer", "head", "message"), [(1, None, "layer 1: "), (0, 5, "no head 5")])
def test_a_layer_or_head_that_is_not_there_is_refused(layer: int, head: int | None, message: str) -> None:
    forward = forward_pass(torch.full((1, 1, 3, 4), 0.25), torch.zeros(1), (2, 2), pieces=1)
    with pytest.raises(InputError, match=message):
        find_method("raw_attention").attribute(forward, Options(layer=layer, head=head), Watch())


def test_every_method_says_what_it_is_and_an_unknown_one_is_refused() -> None:
    assert {"raw_attention", "attention_gradcam"} <= set(methods())
    for name, method in methods().items():
        assert name == method.name and method.label and method.paper and "F" in method.cost
    with pytest.raises(InputError, match="no method called magic"):
        find_method("magic")
