"""What holds of every method: it leaves the model as it was, and says what it is."""

import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from vtviz.attribution.attribute import attribute, attribute_case
from vtviz.attribution.base import complete
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, methods, where_defined
from vtviz.attribution.targets import parse_target
from vtviz.inputs import ImageInput, InputError
from vtviz.models.attention import Attention
from vtviz.models.base import MATCH, Target, TargetKind
from vtviz.models.record import KINDS
from vtviz.models.vtviz_base.abilities import abilities
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Cancelled, Watch

TEXT = "a skateboarder runs"
ALL = sorted(methods())
SLOW = [name for name in ALL if methods()[name].perturbs]
EVERY = abilities(captions=True, answers=True)
TARGETS: tuple[TargetKind, ...] = ("match", "similarity")
DEFINED = [(name, target) for name in ALL for target in TARGETS if methods()[name].supports(EVERY, target) is None]
FEW = {"samples": 20, "window": 2, "seed": 3}


def options(name: str) -> Options:
    return Options(**{key: value for key, value in FEW.items() if key in methods()[name].options})


def state(model: VtvizBase) -> Any:
    modules = list(model.network.modules())
    return (
        [m.training for m in modules],
        [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in modules],
        [m.observer for m in modules if isinstance(m, Attention)],
        [(p.requires_grad, p.grad) for p in model.network.parameters()],
        torch.get_rng_state().tolist(),
        np.random.get_state()[1].tolist(),  # type: ignore[index]
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
    )


@pytest.mark.parametrize("name", ALL)
def test_it_gives_what_it_says_and_leaves_the_model_as_it_was(tiny: VtvizBase, photo: ImageInput, name: str) -> None:
    before = state(tiny)
    found = attribute(tiny, photo, TEXT, method=name, options=options(name))
    assert state(tiny) == before
    assert found.tokens.shape == (4,) and found.maps.shape == (4, 4, 4) and found.image.shape == (4, 4)
    low = -1.0 if found.signed else 0.0
    for maps in (found.maps, found.image):
        assert np.isfinite(maps).all() and maps.min() >= low - 1e-6 and maps.max() <= 1 + 1e-6
    assert np.isfinite(found.tokens).all() and found.signed == find_method(name).signed
    assert found.maps_of == find_method(name).maps_of and found.image.any() == (found.maps_of != "none")


@pytest.mark.parametrize("target", ["match", "similarity", "caption", "answer"])
def test_every_target_of_a_method_is_explained(tiny: VtvizBase, photo: ImageInput, target: TargetKind) -> None:
    for name in ALL:
        method = methods()[name]
        if method.supports(tiny.abilities, target) is None:
            found = attribute(tiny, photo, TEXT, Target(target, 1 if target == "answer" else 2), name, options(name))
            assert np.isfinite(found.tokens).all() and np.isfinite(found.maps).all(), name
            assert method.signed or min(found.tokens.min(), found.maps.min(), found.image.min()) >= -1e-6, name
            read = found.tokens[:2]  # a caption does not read its own piece and what follows
            assert (np.ptp(read) > 0) == read.any() == method.scores_words, name
            assert (np.ptp(found.image) > 0) == (method.maps_of != "none"), name


def test_where_text_and_photo_never_meet_all_patches_are_read_alike(tiny: VtvizBase, photo: ImageInput) -> None:
    found = attribute(tiny, photo, TEXT, Target("similarity"), "rollout")
    case = Case(tiny, photo, [TEXT], Target("similarity"))
    joined = np.eye(16)
    for layer in case.forward(False, KINDS).attention.layers:
        if layer.kind == "image":
            joined = (layer.weights[0].detach().double().mean(dim=0).numpy() + np.eye(16)) / 2 @ joined
    expected = (joined - np.eye(16) / 2).mean(axis=0).reshape(4, 4)
    np.testing.assert_allclose(found.image, expected / np.abs(expected).max(), atol=1e-4)


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("name", ALL)
def test_it_leaves_the_model_as_it_was_after_a_failure(
    tiny: VtvizBase, photo: ImageInput, name: str, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last layer of the network fails at its first and second use, deep inside a pass."""
    before = state(tiny)
    uses = 0

    def failing(inner: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            nonlocal uses
            uses += 1
            if uses >= call:
                raise RuntimeError("broken on purpose")
            return inner(*given, **named)

        return run

    for place in ("match_head", "image_norm"):
        module = getattr(tiny.network, place)
        monkeypatch.setattr(module, "forward", failing(module.forward))
    with pytest.raises(RuntimeError, match="broken on purpose"):
        attribute(tiny, photo, TEXT, method=name, options=options(name))
        attribute(tiny, photo, TEXT, method=name, options=options(name))
    monkeypatch.undo()
    assert state(tiny) == before


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("name", ALL)
def test_it_runs_in_whatever_mode_the_caller_is_in(
    tiny: VtvizBase, photo: ImageInput, name: str, mode: Callable[[], Any]
) -> None:
    with mode():
        found = attribute(tiny, photo, TEXT, method=name, options=options(name))
        assert not torch.is_grad_enabled()
    expected = attribute(tiny, photo, TEXT, method=name, options=options(name))
    np.testing.assert_allclose(found.tokens, expected.tokens, atol=1e-6)
    np.testing.assert_allclose(found.maps, expected.maps, atol=1e-5)


@pytest.mark.parametrize("name", ["relevancy", "gradient_input", "integrated_gradients"])
def test_another_thread_that_runs_the_model_meanwhile_neither_changes_nor_sees_it(
    tiny: VtvizBase, photo: ImageInput, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for the match of another text whenever the method has run the text side."""
    expected = attribute(tiny, photo, TEXT, method=name, options=options(name))
    text, features = tiny.encode_texts(["a dog"]), tiny.encode_image(photo).clone()
    alone, heard, network = tiny.score(features, text, MATCH), [], tiny.network
    owner, encode = threading.get_ident(), network.encode_text

    def disturbed(*given: Any) -> Any:
        found = encode(*given)
        if threading.get_ident() == owner:
            with ThreadPoolExecutor(1) as other:
                heard.append(other.submit(tiny.score, features, text, MATCH).result())
        return found

    monkeypatch.setattr(network, "encode_text", disturbed)
    found = attribute(tiny, photo, TEXT, method=name, options=options(name))
    np.testing.assert_allclose(found.tokens, expected.tokens, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.maps, expected.maps, atol=1e-5)
    assert heard
    for each in heard:
        torch.testing.assert_close(each, alone, atol=1e-5, rtol=1e-5)
        assert not each.requires_grad


@pytest.mark.parametrize("name", SLOW)
def test_progress_reaches_its_end_and_cancelling_stops_it(tiny: VtvizBase, photo: ImageInput, name: str) -> None:
    steps: list[tuple[int, int]] = []
    pauses: list[int] = []
    watch = Watch(lambda now: steps.append((now.done, now.total)), pause=lambda: pauses.append(1))
    attribute(tiny, photo, TEXT, method=name, options=options(name), watch=watch)
    assert steps[0][0] == 0 and steps[-1][0] == steps[-1][1] and steps == sorted(steps) and pauses
    before = state(tiny)
    with pytest.raises(Cancelled):
        attribute(tiny, photo, TEXT, method=name, options=options(name), watch=Watch(cancelled=lambda: True))
    assert state(tiny) == before


@pytest.mark.parametrize("name", [name for name in ALL if "seed" in methods()[name].options])
def test_a_seed_gives_the_same_again(tiny: VtvizBase, photo: ImageInput, name: str) -> None:
    torch.manual_seed(5)
    first, again = (attribute(tiny, photo, TEXT, method=name, options=options(name)) for _ in range(2))
    other = attribute(tiny, photo, TEXT, method=name, options=replace(options(name), seed=4))
    assert (first.image == again.image).all() and (first.image != other.image).any()


@pytest.mark.parametrize(("name", "target"), DEFINED)
def test_a_text_is_explained_alike_beside_a_longer_one(
    tiny: VtvizBase, photo: ImageInput, name: str, target: TargetKind
) -> None:
    """The padding that a longer text brings means nothing."""
    both = attribute_case(Case(tiny, photo, [TEXT, f"{TEXT} a dog a dog"], Target(target)), name, options(name))
    (alone,) = attribute_case(Case(tiny, photo, [TEXT], Target(target)), name, options(name))
    np.testing.assert_allclose(both[0].tokens, alone.tokens, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(both[0].maps, alone.maps, atol=2e-3)
    np.testing.assert_allclose(both[0].image, alone.image, atol=2e-3)


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("kernel_shap", "shapley")])
def test_permuted_words_have_permuted_maps(
    tiny: VtvizBase, photo: ImageInput, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without positions the order of the words means nothing."""
    monkeypatch.setattr(tiny.network.text_tower.positions, "forward", lambda places: torch.zeros(len(places), 384))
    one = attribute(tiny, photo, "a dog runs", method=name, options=options(name))
    two = attribute(tiny, photo, "runs a dog", method=name, options=options(name))
    np.testing.assert_allclose(one.maps[[2, 0, 1]], two.maps, atol=1e-3)
    np.testing.assert_allclose(one.tokens[[2, 0, 1]], two.tokens, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_as_many_passes_are_made_as_the_estimate_says(
    tiny: VtvizBase, photo: ImageInput, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts and photos that were scored, and scores that were differentiated."""
    forward, backward = [0], [0]
    score, grad = tiny.score, torch.autograd.grad

    def scored(*args: Any) -> torch.Tensor:
        values = score(*args)
        forward.append(len(values))
        return values

    def differentiated(outputs: Any, *args: Any, **named: Any) -> Any:
        backward.append(len(outputs) if isinstance(outputs, list | tuple) else 1)
        return grad(outputs, *args, **named)

    method = find_method(name)
    estimate = method.passes(tiny.tokenize(TEXT), tiny.grid, complete(method, options(name)))
    monkeypatch.setattr(tiny, "score", scored)
    monkeypatch.setattr(torch.autograd, "grad", differentiated)
    attribute(tiny, photo, TEXT, method=name, options=options(name))
    made = sum(forward) + sum(backward) or 1  # one pass that compares vectors scores nothing
    assert 0.85 * made <= estimate <= 1.1 * made
    assert (sum(backward) > 0) == ("B" in method.cost)


def test_options_that_a_method_does_not_have_or_that_are_out_of_range_are_refused(
    tiny: VtvizBase, photo: ImageInput
) -> None:
    for name, given, message in (
        ("rise", Options(layer=1), "RISE has no option layer"),
        ("rise", Options(samples=1), "option samples of RISE must be 10–20000, not 1"),
        ("rise", Options(samples=float("nan")), "option samples of RISE must be a whole number, not nan"),  # type: ignore[arg-type]
        ("rise", Options(samples="50"), "option samples of RISE must be a whole number, not 50"),  # type: ignore[arg-type]
        ("raw_attention", Options(layer=-1), "option layer of Raw attention must be ≥ 0, not -1"),
        ("raw_attention", Options(layer=7), "layer 7: layer numbers start at 0 and stay below 2"),
        ("magic", Options(), "no method called magic"),
    ):
        with pytest.raises(InputError, match=message):
            attribute(tiny, photo, TEXT, method=name, options=given)


def test_targets_that_cannot_be_explained_are_refused(tiny: VtvizBase, photo: ImageInput) -> None:
    for target, name, message in (
        (Target("similarity"), "raw_attention", "needs text→image attention"),
        (Target("caption", 9), "leave_one_out", "has no token 9"),
        (Target("answer", 9), "leave_one_out", "no answer 9"),
        (Target("caption", 1), "maskclip", "does not apply to the caption"),
    ):
        with pytest.raises(InputError, match=message):
            attribute(tiny, photo, TEXT, target, method=name)


def test_a_target_that_the_model_does_not_have_is_named(tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny, "abilities", abilities(captions=False, answers=False))
    for written in ("answer:yes", "caption:1"):
        with pytest.raises(InputError, match=r"no target .*; choose one of: match, similarity"):
            parse_target(tiny, written)


def test_the_registry_says_where_each_method_is_defined() -> None:
    for name in ALL:
        base = where_defined(find_method(name))["vtviz-base"]
        assert "match" in base["targets"] and set(base["targets"]).isdisjoint(base["reasons"])


def test_methods_share_the_pass_of_a_case(tiny: VtvizBase, photo: ImageInput) -> None:
    case = Case(tiny, photo, [TEXT])
    attribute_case(case, "legrad")
    kept = case.forward(False, ())
    for name in ("attention_gradcam", "relevancy", "rollout", "raw_attention"):
        attribute_case(case, name)
    assert case.forward(False, ()) is kept


def test_a_case_and_its_graph_are_gone_once_nobody_holds_them(tiny: VtvizBase, photo: ImageInput) -> None:
    case = Case(tiny, photo, [TEXT])
    attribute_case(case, "relevancy")
    held = weakref.ref(case.forward(False, ()).values)
    gc.disable()
    try:
        del case
        assert held() is None
    finally:
        gc.enable()
