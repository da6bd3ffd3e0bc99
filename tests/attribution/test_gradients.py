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
