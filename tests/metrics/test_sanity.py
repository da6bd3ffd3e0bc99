"""Sanity checks: what they must let pass, what they must not, and that they leave the model alone."""

import copy

import numpy as np
import pytest
import torch

from vtviz.attribution.attribute import attribute
from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput, read_image
from vtviz.metrics.sanity import (
    Explainer,
    Probe,
    random_logit,
    randomise,
    stages_of,
    text_swap,
    weight_randomisation,
)
from vtviz.metrics.stability import similarity
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


@pytest.mark.parametrize("cascading", [True, False])
def test_a_stage_is_random_alone_or_with_those_before_it(tiny: VtvizBase, probes: list[Probe], cascading: bool) -> None:
    """Against copies in which just those weights are random."""
    explain, (probe,) = by("raw_attention"), probes
    true = explain(tiny, probe.image, probe.text, Target()).image
    outcome = weight_randomisation(tiny, probes, explain, Target(), 0, cascading)
    for index, stage in enumerate(outcome.stages):
        twin = copy.deepcopy(tiny)
        for _, parameters in stages_of(twin)[0 if cascading else index : index + 1]:
            randomise(parameters, 0)
        alone = abs(similarity(true, explain(twin, probe.image, probe.text, Target()).image))
        assert stage.similarity == pytest.approx(alone)
    assert len({stage.similarity for stage in outcome.stages}) > 2


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
