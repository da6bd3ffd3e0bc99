"""Recording the towers changes nothing, keeps gradients, and leaves nothing behind."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.models.open_clip.conftest import DUAL
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, Target
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder

Loaded = Callable[[str], OpenClipDualEncoder]
TEXT = "a dog and two cats"


def hooks(network: nn.Module) -> int:
    return sum(len(each._forward_hooks) + len(each._forward_pre_hooks) for each in network.modules())


@pytest.mark.parametrize("name", DUAL)
def test_a_recorded_pass_equals_open_clips_own(name: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded(name)
    features, text = model.encode_image(photo), model.encode_texts([TEXT])
    with torch.no_grad():
        network = model.network
        images = network.encode_image(model.pixels(photo), normalize=True)
        padded = torch.nn.functional.pad(text.ids, (0, 16 - text.ids.shape[1]))
        plain = (images * network.encode_text(padded, normalize=True)).sum(dim=-1)
        with model.record({"image", "text"}) as recording:
            recorded = model.score(features, text, Target("similarity"))
    torch.testing.assert_close(recorded, plain, atol=1e-6, rtol=0)
    image, words = recording.of_kind("image"), recording.of_kind("text")
    assert len(image) == len(model.vision.layers) and len(words) == 2
    rows, columns = model.grid
    for weights in (*image, *words):
        assert weights.shape[-1] == weights.shape[-2]
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(weights.shape[:-1]), atol=1e-5, rtol=0)
    assert image[0].shape[-1] == model.image_offset + rows * columns and words[0].shape[-1] == text.ids.shape[1]
    assert hooks(model.network) == 0


@pytest.mark.parametrize("name", [*DUAL[:-1], "tiny-coca"])
def test_gradients_reach_every_recorded_weight(name: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded(name)
    with torch.enable_grad(), model.record({"image", "text", "text→image"}) as recording:
        value = model.score(model.encode_image(photo), model.encode_texts([TEXT]), MATCH)
    gradients = torch.autograd.grad(value.sum(), [layer.weights for layer in recording.layers])
    assert all(float(gradient.abs().max()) > 0 for gradient in gradients)
    assert all(each.grad is None for each in model.network.parameters())


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-map", "tiny-own"])
def test_the_gradient_of_a_weight_is_that_of_the_values_it_mixes(name: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded(name)
    features, text = model.encode_image(photo), model.encode_texts([TEXT])
    with torch.enable_grad(), model.record({"image"}) as recording:
        value = model.score(features, text, Target("similarity"))
        layer = recording.layers[-1]
        gradient, from_mixed = torch.autograd.grad(value.sum(), [layer.weights, layer.mixed])
    by_hand = from_mixed @ layer.value.transpose(-1, -2)
    torch.testing.assert_close(gradient, by_hand, atol=1e-7, rtol=1e-4)


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-own", "tiny-timm", "tiny-coca"])
def test_everything_is_put_back_after_a_failure(name: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded(name)
    text = model.encode_texts([TEXT])
    before = model.score(model.encode_image(photo), text, MATCH)
    with pytest.raises(KeyError), model.record({"image", "text", "text→image"}):
        model.score(model.encode_image(photo), text, MATCH)
        raise KeyError
    assert hooks(model.network) == 0
    with model.record({"text"}):
        pass
    assert not any(module.training for module in model.network.modules())
    torch.testing.assert_close(model.score(model.encode_image(photo), text, MATCH), before, atol=0, rtol=0)


def test_two_recordings_at_once_are_refused(loaded: Loaded) -> None:
    model = loaded("tiny-clip")
    with model.record({"image"}), pytest.raises(RuntimeError, match="already"), model.record({"image"}):
        pass
    with model.record({"image"}):
        pass


def test_another_thread_is_not_recorded(loaded: Loaded, photo: ImageInput) -> None:
    model = loaded("tiny-clip")
    pixels, found = model.pixels(photo), []
    plain = model.network.encode_image(pixels)
    with model.record({"image"}) as recording:
        other = threading.Thread(target=lambda: found.append(model.network.encode_image(pixels)))
        other.start()
        other.join()
    assert recording.layers == []
    torch.testing.assert_close(found[0], plain, atol=0, rtol=0)


def test_only_the_kinds_that_were_asked_for_are_recorded(loaded: Loaded, photo: ImageInput) -> None:
    model = loaded("tiny-clip")
    with model.record({"text"}) as recording:
        model.score(model.encode_image(photo), model.encode_texts([TEXT]), MATCH)
    assert {layer.kind for layer in recording.layers} == {"text"}


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-coca"])
def test_a_copy_of_a_model_is_recorded_on_its_own(name: str, loaded: Loaded, photo: ImageInput) -> None:
    """Sanity checks make the weights of a copy random."""
    model = loaded(name)
    twin = copy.deepcopy(model)
    with model.record({"image"}) as outer, twin.record({"image"}) as inner:
        twin.score(model.encode_image(photo), model.encode_texts([TEXT]), MATCH)
    assert inner.layers and not outer.layers
