"""Sink patches that are planted in a tiny CLIP are found, and a register takes over what made them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from vtviz.attribution.attribute import attribute
from vtviz.cli import app
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, ModelError
from vtviz.models.hugging_face.family import load as load_transformers
from vtviz.models.open_clip.family import load
from vtviz.models.open_clip.registers import repair
from vtviz.models.open_clip.registers.repair import add_register, second_linear
from vtviz.models.open_clip.registers.sinks import find_sinks

CPU, NEURON, PATCH = torch.device("cpu"), 5, 6


@pytest.fixture
def photo() -> ImageInput:
    return ImageInput(np.random.default_rng(3).integers(0, 255, (32, 32, 3), dtype=np.uint8), "1" * 64)


def planted(model: Any, photo: ImageInput, first: Any) -> Any:
    """A model in whose first layer a neuron makes ``PATCH`` a sink; ``first`` gives the linear map before it."""
    tower = model.vision
    layer, seen = tower.layers[0], []
    handle = first(layer).register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    features = model.encode_image(photo)
    model.index_images(features)
    handle.remove()
    tokens = seen[0][0].clone()
    own = tokens[1 + PATCH]
    mean = tokens.mean(dim=0)
    direction = own - mean
    fires = (tokens - mean) @ direction
    highest = fires.clone()
    highest[1 + PATCH] = -1e9
    threshold = (fires[1 + PATCH] + highest.max()) / 2
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        scale = 6.0 / (fires[1 + PATCH] - threshold)
        first(layer).weight[NEURON] = scale * direction
        first(layer).bias[NEURON] = -scale * (threshold + mean @ direction)
        written = torch.randn(len(own), generator=generator)
        second_linear(layer).weight[:, NEURON] = 20 * written
        attend(tower.layers[1:], written)
    return model


def attend(layers: Any, written: torch.Tensor) -> None:
    """Lets every query of later layers look for what the neuron wrote."""
    normed = (written - written.mean()) / written.std(correction=0)
    for layer in layers:
        if hasattr(layer, "attn"):
            width = len(written)
            keys = layer.attn.in_proj_weight[width : 2 * width] @ normed
            layer.attn.in_proj_bias[:width] += 12 * keys / keys.norm()
        else:
            keys = layer.self_attn.k_proj(normed)
            layer.self_attn.q_proj.bias += 12 * keys / keys.norm()


@pytest.fixture
def open_clip(weights: Callable[[str], Path], photo: ImageInput) -> Any:
    model = load(f"open_clip:tiny-clip@{weights('tiny-clip')}", CPU)
    return planted(model, photo, lambda layer: layer.mlp.c_fc)


def test_a_planted_sink_is_found_and_repaired(open_clip: Any, photo: ImageInput) -> None:
    features = open_clip.encode_image(photo)
    before = find_sinks(open_clip, features)
    assert before.places == [divmod(PATCH, 4)] and before.count == 1 and before.share > 0.3
    neurons = add_register(open_clip, [photo])
    assert NEURON in neurons[0] and sum(map(len, neurons.values())) == 10
    after = find_sinks(open_clip, features)
    assert after.count == 0 and after.norms.max() < before.norms.max() / 2
    assert after.attention[divmod(PATCH, 4)] < before.attention[divmod(PATCH, 4)] / 2


def test_the_register_gets_the_largest_activation_and_the_patches_none(open_clip: Any, photo: ImageInput) -> None:
    features, kept = open_clip.encode_image(photo), []
    layer = open_clip.vision.layers[0]
    layer.mlp.gelu.register_forward_hook(lambda module, args, output: kept.append(output))
    neurons = add_register(open_clip, [photo])[0]
    kept.clear()
    second_linear(layer).register_forward_pre_hook(lambda module, args: kept.append(args[0]))
    open_clip.index_images(features)
    plain, moved = kept
    others = [index for index in range(plain.shape[-1]) if index not in neurons]
    assert torch.equal(plain[..., others], moved[..., others])
    assert torch.equal(moved[:, 1, neurons], plain[..., neurons].amax(dim=1))
    assert not moved[:, 0, neurons].any() and not moved[:, 2:, neurons].any()


def test_a_model_with_a_register_is_explained_on_the_same_grid(open_clip: Any, photo: ImageInput) -> None:
    add_register(open_clip, [photo])
    assert open_clip.image_offset == 2
    for method in ("maskclip", "clip_surgery", "rollout", "legrad", "grad_eclip", "relevancy"):
        found = attribute(open_clip, photo, "a dog", method=method)
        assert np.isfinite(found.maps).all() and found.image.shape == (4, 4)
    text = open_clip.encode_texts(["a dog"])
    plain = open_clip.score(open_clip.encode_image(photo), text, MATCH)
    with open_clip.record({"image"}) as recording:
        torch.testing.assert_close(open_clip.score(open_clip.encode_image(photo), text, MATCH), plain)
    assert {weights.shape[-1] for weights in recording.of_kind("image")} == {18}


def test_the_names_of_both_families_have_the_option(
    weights: Callable[[str], Path], clip_folder: Path, photo: ImageInput
) -> None:
    name = f"open_clip:tiny-clip@{weights('tiny-clip')}?registers=1"
    with pytest.raises(ModelError, match="there is nothing to repair; leave the option registers out"):
        load(name, CPU)
    with pytest.raises(ModelError, match="The option registers must be 1 or 0, not 2"):
        load(name.replace("=1", "=2"), CPU)
    with pytest.raises(ModelError, match="whose class token is its answer, as in CLIP"):
        load(f"open_clip:tiny-map@{weights('tiny-map')}?registers=1", CPU)
    with pytest.raises(ModelError, match="there is nothing to repair"):
        load_transformers(f"hf:{clip_folder}?registers=1", CPU)
    model: Any = planted(load_transformers(f"hf:{clip_folder}", CPU), photo, lambda layer: layer.mlp.fc1)
    features = model.encode_image(photo)
    assert find_sinks(model, features).places == [divmod(PATCH, 4)]
    assert NEURON in add_register(model, [photo])[0]
    assert find_sinks(model, features).count == 0
    assert attribute(model, photo, "a dog", method="rollout").image.shape == (4, 4)


def test_explain_compares_both(
    open_clip: Any, photo: ImageInput, weights: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "sample_photos", lambda: [photo])
    save_file(open_clip.network.state_dict(), tmp_path / "planted.safetensors")
    Image.fromarray(photo.pixels).save(tmp_path / "photo.png")
    name = f"open_clip:tiny-clip@{tmp_path / 'planted.safetensors'}"
    arguments = [str(tmp_path / "photo.png"), "a dog", "--device", "cpu", "--sinks", "--output", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["explain", *arguments, "--model", name])
    assert result.exit_code == 0, result.output
    row, column = divmod(PATCH, 4)
    assert f"Sinks (row/column): {row + 1}/{column + 1}" in result.output
    found = json.loads((tmp_path / "out" / "sinks.json").read_text())
    assert found["patches"] == [[row, column]] and list(found["sides"]) == [name, f"{name}?registers=1"]
    before, after = found["sides"].values()
    assert before["sinks"] == 1 and after["sinks"] == 0 and after["attention"] == 0
    assert all(isinstance(side[key], float) for side in (before, after) for key in ("insertion", "deletion", "score"))
    result = CliRunner().invoke(app, ["explain", *arguments])
    assert "Sink patches can be found in CLIP's image encoders alone" in str(result.exception)


@pytest.fixture
def clip_folder(tmp_path: Path) -> Path:
    from tests.models.hugging_face.conftest import MADE

    return MADE["clip"](tmp_path)
