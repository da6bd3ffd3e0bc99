"""Sanity checks: what they must let pass, what they must not, and that they leave the model alone."""

import numpy as np
import pytest
import torch

from vtviz.attribution.attribute import attribute
from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput, read_image
from vtviz.metrics.sanity import Explainer, Probe, random_logit, stages_of, text_swap, weight_randomisation
from vtviz.models.base import FusionModel, Target
from vtviz.models.registry import load_model
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import ASSETS


def edges(model: FusionModel, image: ImageInput, text: str, target: Target) -> Relevance:
    """The planted cheat: where the photo has edges, whatever the model or the text."""
    grey = image.pixels.mean(axis=2)
    strength = np.abs(np.gradient(grey)[0]) + np.abs(np.gradient(grey)[1])
    rows, columns = model.grid
    high, wide = strength.shape[0] // rows, strength.shape[1] // columns
    map_ = strength[: rows * high, : columns * wide].reshape(rows, high, columns, wide).mean(axis=(1, 3))
    pieces = len(model.tokenize(text).pieces)
    return Relevance(np.ones(pieces), np.broadcast_to(map_, (pieces, *map_.shape)), map_, signed=False)


def by(method: str) -> Explainer:
    return lambda model, image, text, target: attribute(model, image, text, target, method)


@pytest.fixture(scope="module")
def probes(photo: ImageInput) -> list[Probe]:
    return [Probe(photo, "a dog runs", "a skateboarder")]


def test_every_parameter_is_in_one_stage_those_near_the_output_first(tiny: VtvizBase) -> None:
    stages = stages_of(tiny)
    names = [name for _, parameters in stages for name, _ in parameters]
    assert sorted(names) == sorted(name for name, _ in tiny.network.named_parameters()) and len(stages) <= 8
    assert (
        names.index("match_head.3.weight") < names.index("blocks.0.text.gate.weight") < names.index("image_in.0.weight")
    )


@pytest.mark.parametrize("cascading", [True, False])
def test_an_edge_detector_fails_and_the_weights_stay(tiny: VtvizBase, probes: list[Probe], cascading: bool) -> None:
    before = {name: value.clone() for name, value in tiny.network.state_dict().items()}
    found = weight_randomisation(tiny, probes, edges, Target(), 0, cascading)
    assert found.verdict == "failed" and found.value == pytest.approx(1.0)
    weight_randomisation(tiny, probes, by("attention_gradcam"), Target(), 0, cascading)
    assert all(torch.equal(before[name], value) for name, value in tiny.network.state_dict().items())


def test_weights_stay_where_a_check_breaks_off(tiny: VtvizBase, probes: list[Probe]) -> None:
    before = {name: value.clone() for name, value in tiny.network.state_dict().items()}
    calls = []

    def break_off(model: FusionModel, image: ImageInput, text: str, target: Target) -> Relevance:
        calls.append(model)
        if len(calls) > 2:
            raise RuntimeError("enough")
        return edges(model, image, text, target)

    with pytest.raises(RuntimeError, match="enough"):
        weight_randomisation(tiny, probes, break_off, Target(), 0, True)
    assert calls[0] is tiny and calls[1] is not tiny
    assert all(torch.equal(before[name], value) for name, value in tiny.network.state_dict().items())


def test_an_independent_stage_leaves_no_trace_in_the_next(tiny: VtvizBase, probes: list[Probe]) -> None:
    found = weight_randomisation(tiny, probes, by("raw_attention"), Target(), 0, False)
    heads = [stage.similarity for stage in found.stages if stage.name.startswith(("answer", "caption"))]
    assert heads and all(value == pytest.approx(1.0) for value in heads)  # unused by the match, so nothing changes


def test_text_swap_and_random_logit_see_the_cheat(tiny: VtvizBase, probes: list[Probe]) -> None:
    assert text_swap(tiny, probes, edges, Target()).verdict == "failed"
    assert random_logit(tiny, probes, edges, 0).verdict == "failed"
    attention = random_logit(tiny, probes, by("raw_attention"), 0, blind=True)
    assert attention.verdict == "not_applicable" and attention.value == pytest.approx(1.0)
    assert random_logit(tiny, probes, by("attention_gradcam"), 0).value != pytest.approx(1.0)


def test_attention_of_the_shipped_model_passes_where_the_cheat_fails() -> None:
    model = load_model("vtviz-base")
    photos = {name: read_image((ASSETS / "samples" / f"{name}.jpg").read_bytes()) for name in ("chelsea", "coffee")}
    texts = {"chelsea": "A brown cat with green eyes", "coffee": "A cup of coffee"}
    probes = [Probe(photos[a], texts[a], texts[b]) for a, b in (("chelsea", "coffee"), ("coffee", "chelsea"))]
    for method in ("raw_attention", "attention_gradcam"):
        assert weight_randomisation(model, probes, by(method), Target(), 0, True).verdict == "passed"
        assert text_swap(model, probes, by(method), Target()).verdict == "passed"
    assert weight_randomisation(model, probes, edges, Target(), 0, True).verdict == "failed"
    assert text_swap(model, probes, edges, Target()).verdict == "failed"
