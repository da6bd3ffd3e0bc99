"""What holds of every method on a network with nothing but LSTMs and cross-attention from text to photo."""

from typing import Any

import numpy as np
import pytest
import torch

from vtviz.attribution.attribute import attribute
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, methods
from vtviz.inputs import ImageInput, InputError
from vtviz.models.attention import Attention
from vtviz.models.base import Target, TargetKind
from vtviz.models.recurrent.model import ABILITIES, VtvizRecurrent

TEXT = "a skateboarder runs"
FEW = {"samples": 20, "window": 2, "seed": 3}
TARGETS: tuple[TargetKind, ...] = ("match", "similarity")
BY_TEXT_ATTENTION = {"rollout", "relevancy", "legrad"}  # score words by attention among them, of which there is none
EVERY = [(name, target) for name in sorted(methods()) for target in TARGETS]


def options(name: str) -> Options:
    return Options(**{key: value for key, value in FEW.items() if key in methods()[name].options})


def state(model: VtvizRecurrent) -> Any:
    modules = list(model.network.modules())
    return (
        [m.training for m in modules],
        [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in modules],
        [m.observer for m in modules if isinstance(m, Attention)],
        [(p.requires_grad, p.grad) for p in model.network.parameters()],
        torch.get_rng_state().tolist(),
        torch.is_grad_enabled(),
    )


@pytest.mark.parametrize(("name", "target"), EVERY)
def test_it_gives_what_it_says_or_why_it_does_not_apply(
    tiny_recurrent: VtvizRecurrent, photo: ImageInput, name: str, target: TargetKind
) -> None:
    method, before = find_method(name), state(tiny_recurrent)
    if method.supports(ABILITIES, target) is not None:
        with pytest.raises(InputError):
            attribute(tiny_recurrent, photo, TEXT, Target(target), name, options(name))
        return
    found = attribute(tiny_recurrent, photo, TEXT, Target(target), name, options(name))
    assert state(tiny_recurrent) == before
    assert found.tokens.shape == (3,) and found.maps.shape == (3, 4, 4) and found.image.shape == (4, 4)
    low = -1.0 if method.signed else 0.0
    for maps in (found.maps, found.image):
        assert np.isfinite(maps).all() and maps.min() >= low - 1e-6 and maps.max() <= 1 + 1e-6
    assert np.isfinite(found.tokens).all()
    assert bool(np.ptp(found.tokens) > 0) == (method.scores_words and name not in BY_TEXT_ATTENTION)
    assert bool(np.ptp(found.image) > 0) == (method.maps_of != "none")


def test_methods_of_attention_apply_to_its_match() -> None:
    apply = {name for name in methods() if methods()[name].supports(ABILITIES, "match") is None}
    assert {"raw_attention", "rollout", "attention_gradcam", "relevancy", "integrated_gradients", "occlusion"} <= apply


def test_raw_attention_is_the_recorded_row_of_each_word(tiny_recurrent: VtvizRecurrent, photo: ImageInput) -> None:
    with torch.no_grad(), tiny_recurrent.record({"text→image"}) as recording:
        tiny_recurrent.match_logits(tiny_recurrent.encode_image(photo), [TEXT])
    rows = recording.of_kind("text→image")[0][0].mean(dim=0).numpy().reshape(3, 4, 4)
    found = attribute(tiny_recurrent, photo, TEXT, method="raw_attention")
    np.testing.assert_allclose(found.maps, rows / rows.max(axis=(1, 2), keepdims=True), atol=1e-5)


def test_gradients_of_attention_are_those_of_finite_differences(
    tiny_recurrent: VtvizRecurrent, photo: ImageInput
) -> None:
    case = Case(tiny_recurrent, photo, [TEXT])
    forward = case.forward(True, {"text→image"})
    (layer,) = forward.attention.layers
    (gradient,) = forward.gradients([layer.weights])
    assert gradient is not None
    step = torch.randn(layer.weights.shape, generator=torch.Generator().manual_seed(0))
    values = []
    for sign in (1.0, -1.0):
        changed = layer.weights.detach() + sign * 1e-3 * step
        with tiny_recurrent.record((), change=lambda name, weights, changed=changed: changed):
            values.append(float(case.values()))
    assert (values[0] - values[1]) / 2e-3 == pytest.approx(float((gradient * step).sum()), rel=0.02, abs=1e-4)


def test_a_word_changes_what_later_words_look_at_but_not_earlier_ones(
    tiny_recurrent: VtvizRecurrent, photo: ImageInput
) -> None:
    first, second = (
        attribute(tiny_recurrent, photo, text, method="raw_attention").maps
        for text in ("a red dog runs", "a red cat runs")
    )
    np.testing.assert_allclose(first[:2], second[:2], atol=1e-5)
    assert np.abs(first[3] - second[3]).max() > 1e-6


def test_a_pass_with_gradients_runs_without_training_mode(tiny_recurrent: VtvizRecurrent) -> None:
    assert not tiny_recurrent.network.training  # cuDNN's LSTM would refuse: see Reader
    features = torch.randn(1, 16, tiny_recurrent.network.backbone.channels, requires_grad=True)
    tiny_recurrent.network.read_image(features).states.sum().backward()
    assert features.grad is not None and torch.isfinite(features.grad).all()
