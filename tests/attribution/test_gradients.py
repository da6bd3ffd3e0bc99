"""Gradients of several texts at once, against one backward pass a text."""

import pytest
import torch

from vtviz.attribution import gradients
from vtviz.attribution.gradients import per_text


@pytest.mark.parametrize("at_once", [1, 2**28])
def test_they_are_those_of_each_value_alone(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradients, "AT_ONCE", at_once)
    torch.manual_seed(0)
    photo, words, idle = (torch.randn(*size, requires_grad=True) for size in ((1, 4, 3), (5, 3), (1, 2)))
    values = ((photo.sigmoid() @ torch.randn(3, 3)).mean(dim=1) * words.tanh()).sum(dim=-1) + 0 * idle.detach().sum()
    calls: list[int] = []

    def doubled(index: int, gradient: torch.Tensor) -> torch.Tensor:
        calls.append(index)
        return 2 * gradient

    of_photo, of_words, of_idle = per_text(values, [photo, words, idle], doubled)
    assert of_photo.shape == (5, 4, 3) and of_words.shape == (5, 3)
    assert of_idle.shape == (5, 2) and not of_idle.any()
    assert calls.count(0) == (5 if at_once == 1 else 1) and calls.count(1) == 1
    for i, value in enumerate(values):
        photo_alone, words_alone = torch.autograd.grad(value, [photo, words], retain_graph=True)
        torch.testing.assert_close(of_photo[i], 2 * photo_alone[0])
        torch.testing.assert_close(of_words[i], 2 * words_alone[i])


@pytest.mark.parametrize("known", [("first", "other", "later", "last", "beside"), ("later", "last"), ("first", "last")])
def test_gradients_that_are_met_on_the_way_are_those_that_are_asked_for(known: tuple[str, ...]) -> None:
    torch.manual_seed(0)
    first, other = (torch.randn(1, 3, requires_grad=True) for _ in range(2))
    later = first.exp() + other
    last = (later * other).tanh()
    made = {"first": first, "other": other, "later": later, "last": last, "beside": first * 2}
    value = (last * later).sum(dim=-1)
    inputs = [made[name] for name in known]
    wanted = torch.autograd.grad(value.sum(), inputs, retain_graph=True, allow_unused=True)
    for found, gradient, tensor in zip(per_text(value, inputs), wanted, inputs, strict=True):
        torch.testing.assert_close(found, torch.zeros_like(tensor) if gradient is None else gradient)
    assert not any(tensor._backward_hooks for tensor in inputs) and first.grad is None
