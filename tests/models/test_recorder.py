"""The recorder: what it records, and that it leaves the model as it found it."""

import pytest
import torch
from torch import Tensor, nn

from vtviz.models.attention import Attention
from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.fusion import FusionBlock


class TwoBlocks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(FusionBlock(8, 2) for _ in range(2))

    def forward(self, text: Tensor, image: Tensor) -> Tensor:
        mask = torch.ones(text.shape[:2], dtype=torch.bool)
        for block in self.blocks:
            text, image = block(text, image, mask)
        return text.sum() + image.sum()


@pytest.fixture
def model() -> TwoBlocks:
    torch.manual_seed(0)
    return TwoBlocks().eval()


@pytest.fixture
def inputs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(1, 3, 8, generator=generator), torch.randn(1, 6, 8, generator=generator)


def observers(model: nn.Module) -> list[object]:
    return [module.observer for module in model.modules() if isinstance(module, Attention)]


def test_records_both_directions_of_every_layer(model: TwoBlocks, inputs: tuple[Tensor, Tensor]) -> None:
    with record_attention(model) as recording:
        model(*inputs)
    assert [layer.kind for layer in recording.layers] == ["text→image", "image→text"] * 2
    assert [weights.shape for weights in recording.of_kind("text→image")] == [(1, 2, 3, 6)] * 2
    assert [weights.shape for weights in recording.of_kind("image→text")] == [(1, 2, 6, 3)] * 2
    for layer in recording.layers:
        torch.testing.assert_close(layer.weights.sum(dim=-1), torch.ones(layer.weights.shape[:-1]))
        torch.testing.assert_close(layer.mixed, layer.weights @ layer.value)
        scores = layer.query @ layer.key.transpose(-1, -2) / layer.query.shape[-1] ** 0.5
        torch.testing.assert_close(layer.weights, scores.softmax(dim=-1))


def test_records_only_the_kinds_asked_for(model: TwoBlocks, inputs: tuple[Tensor, Tensor]) -> None:
    with record_attention(model, {"image→text"}) as recording:
        model(*inputs)
    assert len(recording.layers) == 2 and not recording.of_kind("text→image")


def test_outputs_agree_and_are_unchanged_afterwards(model: TwoBlocks, inputs: tuple[Tensor, Tensor]) -> None:
    before = model(*inputs)
    with record_attention(model):
        during = model(*inputs)
    torch.testing.assert_close(during, before, atol=1e-5, rtol=1e-5)
    assert torch.equal(model(*inputs), before)


def test_gradients_reach_the_record(model: TwoBlocks, inputs: tuple[Tensor, Tensor]) -> None:
    with record_attention(model, {"text→image"}) as recording:
        answer = model(*inputs)
    gradients = torch.autograd.grad(answer, recording.of_kind("text→image"))
    assert all(gradient.abs().sum() > 0 for gradient in gradients)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_restored_after_a_failure(model: TwoBlocks, inputs: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(RuntimeError), record_attention(model):
        model(inputs[0], inputs[1][..., :4])
    assert observers(model) == [None] * 4
    assert not model.training


def test_two_recordings_do_not_mix(model: TwoBlocks) -> None:
    with record_attention(model):
        with pytest.raises(RuntimeError, match="being recorded already"), record_attention(model):
            pass
        assert None not in observers(model)
    assert observers(model) == [None] * 4


def test_gradients_reach_the_record_of_a_frozen_model(model: TwoBlocks, inputs: tuple[Tensor, Tensor]) -> None:
    model.requires_grad_(False)
    with record_attention(model) as recording:
        answer = model(*inputs)
    gradients = torch.autograd.grad(answer, recording.of_kind("text→image"))
    assert all(gradient.abs().sum() > 0 for gradient in gradients)
    assert not model(*inputs).requires_grad
