"""Attention that is changed while the network runs: what changes, what must not, and what is recorded."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor, nn

from tests.models.changes import CHANGES_NOTHING, check_changes
from tests.models.test_attention import by_hand
from tests.models.test_recorder import TwoBlocks, observers
from vtviz.inputs import ImageInput
from vtviz.models.attention import Attention
from vtviz.models.base import MATCH, Target
from vtviz.models.record import KINDS
from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.model import VtvizBase

LAYERS = ("text_tower.layers.0.attention", "image_layer.attention", "blocks.1.text.attention", "joint.0.attention")


class OneLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention(8, 2, "text→image")

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return self.attention(queries, keys)


@pytest.fixture
def layer() -> OneLayer:
    torch.manual_seed(0)
    return OneLayer().eval()


@pytest.fixture
def inputs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(1, 3, 8, generator=generator), torch.randn(1, 5, 8, generator=generator)


@pytest.mark.parametrize("kinds", [(), ("text→image",)])
def test_one_head_changed_agrees_with_a_computation_by_hand(
    layer: OneLayer, inputs: tuple[Tensor, Tensor], kinds: tuple[str, ...]
) -> None:
    other = torch.rand(3, 5, generator=torch.Generator().manual_seed(2))

    def change(name: str, weights: Tensor) -> Tensor:
        assert name == "attention" and weights.shape == (1, 2, 3, 5)
        return torch.stack([weights[0, 0], other])[None]

    with torch.no_grad(), record_attention(layer, kinds, change) as recording:  # type: ignore[arg-type]
        found = layer(*inputs)
    own = layer.attention
    weights, _ = by_hand(own, inputs[0][0], inputs[1][0], torch.ones(1, 5))
    values = inputs[1][0] @ own.value.weight.T + own.value.bias
    mixed = torch.cat([weights[0] @ values[:, :4], other @ values[:, 4:]], dim=1)
    torch.testing.assert_close(found[0], mixed @ own.output.weight.T + own.output.bias, atol=1e-6, rtol=0)
    for recorded in recording.layers:
        torch.testing.assert_close(recorded.weights[0], torch.stack([weights[0], other]), atol=1e-6, rtol=0)
    assert len(recording.layers) == len(kinds)


@torch.no_grad()
def test_heads_that_are_left_alone_keep_their_last_bit(layer: OneLayer, inputs: tuple[Tensor, Tensor]) -> None:
    """With an output projection that shows only head 0, a change of head 1 shows nothing."""
    layer.attention.output.weight.data[:, 4:] = 0.0
    plain = layer(*inputs)

    def change(name: str, weights: Tensor) -> Tensor:
        weights[:, 1] = weights[:, 1].flip(-1)
        return weights

    with record_attention(layer, (), change):
        assert torch.equal(layer(*inputs), plain)
    layer.attention.output.weight.data[:, 4:] = 1.0
    with record_attention(layer, (), change):
        assert not torch.allclose(layer(*inputs), plain)


@pytest.mark.parametrize("name", LAYERS)
def test_changes_of_vtviz_base_reach_its_score(tiny: VtvizBase, photo: ImageInput, name: str) -> None:
    features, texts = tiny.encode_image(photo), tiny.encode_texts(["a dog runs", "a dog"])
    with torch.no_grad():
        module = tiny.network.get_submodule(name)
        check_changes(lambda: tiny.score(features, texts, MATCH), tiny.record, module, name)


@pytest.mark.parametrize("target", [Target("caption", 1), Target("answer", 1)])
def test_the_decoders_of_vtviz_base_can_be_changed(tiny: VtvizBase, photo: ImageInput, target: Target) -> None:
    features, text = tiny.encode_image(photo), tiny.encode_texts(["a dog runs"])
    name = f"{target.kind}.decoder.layers.0.patches"
    with torch.no_grad():
        module = tiny.network.get_submodule(name)
        check_changes(lambda: tiny.score(features, text, target), tiny.record, module, name)


def test_gradients_reach_the_weights_that_a_change_put_in(tiny: VtvizBase, photo: ImageInput) -> None:
    features, text, put_in = tiny.encode_image(photo), tiny.encode_texts(["a dog runs"]), list[Tensor]()

    def change(name: str, weights: Tensor) -> Tensor | None:
        if not name.startswith("blocks.0.text"):
            return None
        put_in.append(weights.flip(-1).detach())
        return put_in[-1]

    with torch.enable_grad(), tiny.record(KINDS, change) as recording:
        value = tiny.score(features, text, MATCH)
    gradients = torch.autograd.grad(value.sum(), [recorded.weights for recorded in recording.layers])
    assert all(float(gradient.abs().max()) > 0 for gradient in gradients)
    changed = next(recorded for recorded in recording.layers if recorded.name.startswith("blocks.0.text"))
    assert torch.equal(changed.weights, put_in[0]) and not put_in[0].requires_grad
    torch.testing.assert_close(changed.mixed, put_in[0] @ changed.value)


def test_a_change_from_inference_mode_takes_gradients(layer: OneLayer, inputs: tuple[Tensor, Tensor]) -> None:
    with torch.inference_mode():
        constant = torch.full((1, 2, 3, 5), 0.2)
    with record_attention(layer, ("text→image",), lambda name, weights: constant) as recording:
        value = layer(*inputs).sum()
    (gradient,) = torch.autograd.grad(value, recording.of_kind("text→image"))
    assert gradient.abs().sum() > 0


def test_weights_of_another_shape_are_refused_and_the_network_is_put_back(tiny: VtvizBase, photo: ImageInput) -> None:
    features, text = tiny.encode_image(photo), tiny.encode_texts(["a dog runs"])
    with (
        pytest.raises(ValueError, match=r"returned weights \(1, 1, 5, 5\) for text_tower.layers.0.attention"),
        tiny.record((), lambda name, weights: weights[:, :1]),
    ):
        tiny.score(features, text, MATCH)
    assert set(observers(tiny.network)) == {None}


@torch.no_grad()
def test_another_thread_is_neither_changed_nor_recorded() -> None:
    torch.manual_seed(0)
    model, found = TwoBlocks().eval(), list[Tensor]()
    inputs = torch.randn(1, 3, 8), torch.randn(1, 6, 8)
    plain = model(*inputs)

    def run() -> None:
        with torch.no_grad():
            found.append(model(*inputs))

    with record_attention(model, KINDS, lambda name, weights: torch.zeros_like(weights)) as recording:
        other = threading.Thread(target=run)
        other.start()
        other.join()
        assert torch.equal(found[0], plain) and not recording.layers
        assert not torch.allclose(model(*inputs), plain) and len(recording.layers) == 4
    assert torch.equal(model(*inputs), plain) and observers(model) == [None] * 4


@torch.no_grad()
def test_recording_beside_a_change_of_nothing_records_what_a_plain_recording_does() -> None:
    torch.manual_seed(0)
    model, inputs = TwoBlocks().eval(), (torch.randn(1, 3, 8), torch.randn(1, 6, 8))
    with record_attention(model, KINDS) as plain:
        model(*inputs)
    for change in CHANGES_NOTHING:
        with record_attention(model, KINDS, change) as recording:
            model(*inputs)
        assert all(torch.equal(a.weights, b.weights) for a, b in zip(plain.layers, recording.layers, strict=True))
