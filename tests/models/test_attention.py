"""The attention layer against softmax(QKᵀ/√d_k)V written out by hand."""

import pytest
import torch

from vtviz.models.attention import Attention, Heads


def by_hand(layer: Attention, queries: torch.Tensor, keys: torch.Tensor, mask: torch.Tensor):
    """Weights ``[heads, queries, keys]`` and output of one item, from the layer's own matrices, in loops."""
    size = queries.shape[1] // layer.heads
    q = queries @ layer.query.weight.T + layer.query.bias
    k = keys @ layer.key.weight.T + layer.key.bias
    v = keys @ layer.value.weight.T + layer.value.bias
    weights, mixed = [], []
    for head in range(layer.heads):
        part = slice(head * size, (head + 1) * size)
        scores = torch.stack([torch.stack([(a * b).sum() for b in k[:, part]]) for a in q[:, part]]) / size**0.5
        powers = scores.exp() * mask
        weights.append(powers / powers.sum(dim=1, keepdim=True))
        mixed.append(weights[-1] @ v[:, part])
    return torch.stack(weights), torch.cat(mixed, dim=1) @ layer.output.weight.T + layer.output.bias


@pytest.mark.parametrize("observed", [False, True])
def test_agrees_with_a_computation_by_hand(observed: bool) -> None:
    torch.manual_seed(0)
    layer = Attention(8, 2, "text→image")
    queries, keys = torch.randn(1, 3, 8), torch.randn(1, 5, 8)
    mask = torch.tensor([[True, True, False, True, True]])
    seen: list[torch.Tensor] = []
    if observed:

        def observe(_: Attention, heads: Heads) -> torch.Tensor:
            seen.append(heads.weights())
            return heads.mixed_by(seen[-1])

        layer.observer = observe
    output = layer(queries, keys, mask)
    weights, expected = by_hand(layer, queries[0], keys[0], mask[0])
    torch.testing.assert_close(output[0], expected, atol=1e-5, rtol=0)
    assert len(seen) == observed
    for record in seen:
        torch.testing.assert_close(record[0], weights, atol=1e-6, rtol=0)


def test_width_must_divide_into_heads() -> None:
    with pytest.raises(ValueError, match="not divisible"):
        Attention(10, 4, "text")
