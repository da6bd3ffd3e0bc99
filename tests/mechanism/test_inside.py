"""The steps inside a model multiply out: what is shown leads to the model's own answer."""

import numpy as np
import pytest
import torch
from torch import nn

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.mechanism import LookInside
from vtviz.inputs import ImageInput, InputError
from vtviz.mechanism.inside import kinds_of, layer_steps
from vtviz.models.base import FusionModel
from vtviz.models.record import Kind
from vtviz.models.registry import load_model
from vtviz.models.vtviz_base.model import VtvizBase

TEXT = "A brown cat with green eyes"
LAYERS: list[tuple[Kind, int]] = [
    *(("text→image", layer) for layer in range(3)),
    *(("image→text", layer) for layer in range(3)),
    ("fused", 0),
    ("image", 0),
]


@pytest.fixture(scope="module")
def model() -> FusionModel:
    return load_model("vtviz-base", torch.device("cpu"))


def block_of(model: VtvizBase, kind: Kind, layer: int) -> tuple[nn.Module, nn.Module]:
    """The part of the network whose attention is looked at, and the whole block that it is in."""
    network = model.network
    if kind == "fused":
        return network.joint[layer], network.joint[layer]
    if kind == "image":
        return network.image_layer, network.image_layer
    block = network.blocks[layer]
    return (block.text if kind == "text→image" else block.image), block  # type: ignore[return-value]


@pytest.mark.parametrize(("kind", "layer"), LAYERS)
def test_every_layer_multiplies_out(model: FusionModel, cat: ImageInput, kind: Kind, layer: int) -> None:
    assert isinstance(model, VtvizBase)
    features, text = model.encode_image(cat), model.encode_texts([TEXT])
    steps = layer_steps(model, features, text, kind, layer)
    part, _ = block_of(model, kind, layer)
    inputs: list[tuple[torch.Tensor, ...]] = []
    outputs: list[torch.Tensor] = []
    hook = part.register_forward_hook(lambda _, given, made: (inputs.append(given), outputs.append(made))[0])
    with torch.inference_mode():
        model.match_logits(features, [TEXT])
    hook.remove()
    q, k, v = (torch.from_numpy(side).double() for side in (steps.query, steps.key, steps.value))
    heads, queries, size = q.shape
    assert (heads, size) == (8, 32) and queries in (len(text.ids[0]), 400, 400 + len(text.ids[0]))
    weights = (q @ k.transpose(1, 2) / size**0.5).softmax(-1)  # of every head
    assert np.abs(weights.numpy() - steps.weights).max() < 1e-5
    double = part.double()
    try:
        joined = (weights @ v).transpose(0, 1).reshape(queries, -1)
        attended = double.attention.output(joined)  # type: ignore[operator, union-attr]
        x = inputs[0][0][0].double()
        if hasattr(double, "gate"):
            normed = inputs[0][1][0].double()
            gate = torch.sigmoid(double.gate(torch.cat([normed, attended], dim=-1)))  # type: ignore[operator]
            assert steps.gated is not None and np.abs(gate.detach().numpy() - steps.gated.gate).max() < 1e-5
            attended = gate * attended
        x = x + attended
        assert steps.gated is not None and np.abs(x.detach().numpy() - steps.gated.after).max() < 1e-5
        whole = x + double.feed_forward(x)  # type: ignore[operator]
        assert (whole - outputs[0][0].double()).abs().max() < 1e-5
    finally:
        part.float()
    assert steps.differs[0] < 1e-5 and steps.differs[1] is not None and steps.differs[1] < 1e-5


def test_a_network_without_gates_shows_its_steps_too(tiny: VtvizBase, photo: ImageInput) -> None:
    steps = layer_steps(tiny, tiny.encode_image(photo), tiny.encode_texts(["a dog"]), "text", 0)
    assert steps.gated is None and steps.differs[0] < 1e-5 and steps.layers == 1
    assert kinds_of(tiny) == ("text→image", "image→text", "image", "text", "fused")


def test_nothing_is_left_on_the_network(tiny: VtvizBase, photo: ImageInput) -> None:
    with pytest.raises(InputError, match="layer 7"):
        layer_steps(tiny, tiny.encode_image(photo), tiny.encode_texts(["a dog"]), "text→image", 7)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in tiny.network.modules())


def test_the_engine_answers_and_forgets_queries_and_keys_otherwise(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    answer = tiny_engine.ask(LookInside(photo, "a skateboarder runs", "image→text", 1, "tiny"))
    assert answer.steps.query.shape == (2, 16, 8) and answer.steps.key.shape == (2, 6, 8)
    assert answer.steps.layers == 2 and answer.grid == (4, 4) and len(answer.tokens.pieces) == 4
