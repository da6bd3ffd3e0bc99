"""Changed attention in the towers: every family of attention module, its own answer kept where nothing changes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.models.changes import check_changes, multiplied
from tests.models.open_clip.conftest import DUAL
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, Target
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.models.open_clip.towers.capture import sites

Loaded = Callable[[str], OpenClipDualEncoder]
TEXTS = ["a dog and two cats", "a bus"]


def layers_of(model: OpenClipDualEncoder, kind: str) -> list[tuple[torch.nn.Module, str]]:
    return [(module, name) for module, (name, _) in sites(model.network, [kind]).items()]  # type: ignore[list-item]


@pytest.mark.parametrize("kind", ["image", "text"])
@pytest.mark.parametrize("name", DUAL)
@torch.no_grad()
def test_changes_of_a_tower_reach_the_score(name: str, kind: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded(name)
    features, texts = model.encode_image(photo), model.encode_texts(TEXTS)
    module, layer = layers_of(model, kind)[-1]
    small = [gamma.data for part, gamma in model.network.named_parameters() if part.endswith("ls1.gamma")]
    with multiplied(small, 1e5):  # an untrained layer scale hides what attention does
        check_changes(lambda: model.score(features, texts, Target("similarity")), model.record, module, layer)


@pytest.mark.parametrize("kind", ["image", "text", "text→image"])
@torch.no_grad()
def test_changes_of_coca_reach_the_score(kind: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded("tiny-coca")
    features, texts = model.encode_image(photo), model.encode_texts(TEXTS)
    module, layer = layers_of(model, kind)[0]
    check_changes(lambda: model.score(features, texts, MATCH), model.record, module, layer)


@torch.no_grad()
def test_coca_records_over_the_patches_what_a_change_made_of_the_poolers_queries(
    loaded: Loaded, photo: ImageInput
) -> None:
    model = loaded("tiny-coca")
    features, texts = model.encode_image(photo), model.encode_texts(TEXTS[:1])
    pooled = model.caption_memory(features).weights  # type: ignore[attr-defined]
    layer = layers_of(model, "text→image")[0][1]

    def only_the_first_query(name: str, weights: Tensor) -> Tensor | None:
        if name != layer:
            return None
        return torch.nn.functional.one_hot(torch.zeros_like(weights[..., 0]).long(), weights.shape[-1]).float()

    with model.record({"text→image"}, only_the_first_query) as recording:
        model.score(features, texts, MATCH)
    recorded = recording.layers[0].weights
    torch.testing.assert_close(recorded, pooled[:, None, :1].expand_as(recorded), atol=1e-6, rtol=0)


def test_gradients_reach_changed_weights(loaded: Loaded, photo: ImageInput) -> None:
    model = loaded("tiny-clip")
    features, text = model.encode_image(photo), model.encode_texts(TEXTS[:1])
    with torch.enable_grad(), model.record({"image"}, lambda name, weights: weights.flip(-1)) as recording:
        value = model.score(features, text, MATCH)
    gradients = torch.autograd.grad(value.sum(), recording.of_kind("image"))
    assert all(float(gradient.abs().max()) > 0 for gradient in gradients)


def test_hooks_are_gone_after_success_and_after_a_change_that_fails(loaded: Loaded, photo: ImageInput) -> None:
    model = loaded("tiny-coca")
    features, text = model.encode_image(photo), model.encode_texts(TEXTS[:1])

    def fails(name: str, weights: Tensor) -> Tensor:
        raise KeyError(name)

    def wrong_shape(name: str, weights: Tensor) -> Tensor:
        return weights[..., :1]

    with torch.no_grad():
        plain = model.score(features, text, MATCH)
        for change, error in ((fails, KeyError), (wrong_shape, ValueError)):
            with pytest.raises(error), model.record({"image"}, change):
                model.score(features, text, MATCH)
        with model.record((), lambda name, weights: weights):
            model.score(features, text, MATCH)
        modules = list(model.network.modules())
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in modules)
        assert torch.equal(model.score(features, text, MATCH), plain)


@torch.no_grad()
def test_another_thread_is_not_changed(loaded: Loaded, photo: ImageInput) -> None:
    model, found = loaded("tiny-clip"), list[Tensor]()
    features, text = model.encode_image(photo), model.encode_texts(TEXTS[:1])
    plain = model.score(features, text, MATCH)

    def run() -> None:
        with torch.no_grad():
            found.append(model.score(features, text, MATCH))

    with model.record((), lambda name, weights: torch.zeros_like(weights)):
        other = threading.Thread(target=run)
        other.start()
        other.join()
        assert torch.equal(found[0], plain) and not torch.allclose(model.score(features, text, MATCH), plain)
