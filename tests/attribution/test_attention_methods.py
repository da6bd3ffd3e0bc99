"""Raw attention and attention Grad-CAM against loops and gradients by hand."""

import math

import numpy as np
import torch

from vtviz.attribution.attention_gradcam import attention_gradcam
from vtviz.attribution.raw_attention import raw_attention


def test_raw_attention_by_hand() -> None:
    attention = torch.tensor(
        [[[0.25] * 4, [0.7, 0.1, 0.1, 0.1], [0.25] * 4], [[0.25] * 4, [0.1, 0.7, 0.1, 0.1], [0.25] * 4]]
    )
    relevance = raw_attention(attention, (2, 2), text_offset=1, pieces=2, head=None)
    np.testing.assert_allclose(relevance.maps[0], [[1.0, 1.0], [0.25, 0.25]], atol=1e-6)
    entropy = -(2 * 0.4 * math.log(0.4) + 2 * 0.1 * math.log(0.1))
    np.testing.assert_allclose(relevance.tokens, [1 - entropy / math.log(4), 0.0], atol=1e-6)
    one = raw_attention(attention, (2, 2), text_offset=1, pieces=2, head=1)
    np.testing.assert_allclose(one.maps[0], [[1 / 7, 1.0], [1 / 7, 1 / 7]], atol=1e-6)


def test_gradcam_agrees_with_finite_differences() -> None:
    torch.manual_seed(0)
    attention = torch.rand(1, 2, 4, 6, dtype=torch.float64).softmax(dim=-1).requires_grad_()
    values = torch.randn(2, 6, 3, dtype=torch.float64)

    def answer(weights: torch.Tensor) -> torch.Tensor:
        return torch.tanh(weights[0] @ values).pow(2).sum() - (weights[0] @ values).sum()

    relevance = attention_gradcam(answer(attention), attention, (2, 3), text_offset=1, pieces=2, head=None)
    expected = np.zeros((2, 6))
    for head in range(2):
        for piece in range(2):
            for patch in range(6):
                with torch.no_grad():
                    nudge = torch.zeros_like(attention)
                    nudge[0, head, piece + 1, patch] = 1e-6
                    slope = (answer(attention + nudge) - answer(attention - nudge)).item() / 2e-6
                expected[piece, patch] += attention[0, head, piece + 1, patch].item() * max(slope, 0.0) / 2
    np.testing.assert_allclose(relevance.tokens, expected.sum(axis=1), atol=1e-5)
    scaled = expected / expected.max(axis=1, keepdims=True)
    np.testing.assert_allclose(relevance.maps.reshape(2, 6), scaled, atol=1e-5)
    assert attention.grad is None


def test_gradcam_without_positive_gradient_is_zero_not_nan() -> None:
    attention = torch.full((1, 1, 3, 4), 0.25, requires_grad=True)
    relevance = attention_gradcam(-attention.sum(), attention, (2, 2), text_offset=1, pieces=1, head=None)
    assert (relevance.maps == 0).all() and (relevance.tokens == 0).all()
