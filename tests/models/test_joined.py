"""Attention over a joined sequence in its parts, against the whole."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from vtviz.attribution.methods.attention.rollout import rollout
from vtviz.attribution.methods.gradient.relevancy import relevancy
from vtviz.models.attention import Heads
from vtviz.models.joined import Joined, attend_joined
from vtviz.models.record import KINDS
from vtviz.models.recorder import RecordedLayer, Recorder, Recording

TEXT, IMAGE = [5, 0, 3], [1, 2, 4, 6]  # where they stand in the sequence
PLACES = Joined(torch.tensor(TEXT), torch.tensor(IMAGE))


@pytest.fixture
def heads() -> Heads:
    query, key, value = torch.randn(3, 2, 2, 7, 4, generator=torch.Generator().manual_seed(0))
    return Heads(query, key, value, torch.ones(7, 7, dtype=torch.bool).tril()[None, None], 2.0)


def test_the_parts_are_blocks_of_the_whole(heads: Heads) -> None:
    recorder = Recorder(KINDS)
    mixed = attend_joined(recorder, "layer", heads, PLACES)
    weights = torch.softmax((heads.query @ heads.key.mT / 2).masked_fill(~heads.mask, -torch.inf), dim=-1)
    torch.testing.assert_close(mixed, weights @ heads.value)
    sides = {"text": TEXT, "image": IMAGE}
    assert [layer.kind for layer in recorder.recording.layers] == ["text→image", "image→text", "text", "image"]
    for layer in recorder.recording.layers:
        first, _, last = layer.kind.partition("→")
        wanted = weights[:, :, sides[first]][..., sides[last or first]]
        torch.testing.assert_close(layer.weights.detach(), wanted)
    assert len(recorder.recording.blocks()) == 1


def test_a_single_part_is_recorded_with_its_gradient(heads: Heads) -> None:
    recorder = Recorder(["text→image"])
    with torch.enable_grad():
        mixed = attend_joined(recorder, "layer", heads, PLACES)
    assert mixed is not None
    (layer,) = recorder.recording.layers
    (gradient,) = torch.autograd.grad(mixed.sum(), layer.weights)
    wanted = heads.value[:, :, IMAGE].sum(dim=-1)[:, :, None, :].expand(-1, -1, 3, -1)
    torch.testing.assert_close(gradient, wanted)
    torch.testing.assert_close(mixed.detach(), heads.mixed())


def test_a_change_replaces_its_part_alone(heads: Heads) -> None:
    seen = []

    def change(name: str, weights: Tensor) -> Tensor | None:
        seen.append(name)
        return torch.zeros_like(weights) if name == "layer.text→image" else None

    mixed = attend_joined(Recorder((), change), "layer", heads, PLACES)
    weights = heads.weights()
    for row in TEXT:
        weights[:, :, row, IMAGE] = 0
    torch.testing.assert_close(mixed, weights @ heads.value)
    assert set(seen) == {"layer.text→image", "layer.image→text", "layer.text", "layer.image"}
    assert attend_joined(Recorder((), lambda name, weights: None), "layer", heads, PLACES) is None
    assert attend_joined(Recorder(()), "layer", heads, PLACES) is None


def test_rollout_and_relevancy_of_the_parts_are_those_of_the_whole() -> None:
    parts, whole = Recording(), Recording()
    generator, empty = torch.Generator().manual_seed(1), torch.zeros(0)
    for name in ("0", "1"):
        weights = torch.rand(1, 2, 7, 7, generator=generator).softmax(dim=-1)
        whole.layers.append(RecordedLayer(name, "fused", weights, empty, empty, empty, empty))
        words, patches = slice(0, 3), slice(3, 7)
        blocks = {"text→image": (words, patches), "image→text": (patches, words), "text": (words, words)}
        for kind, (rows, columns) in {**blocks, "image": (patches, patches)}.items():
            part = weights[:, :, rows, columns]
            layer = RecordedLayer(f"{name}.{kind}", kind, part, empty, empty, empty, empty, joined=name)  # type: ignore[arg-type]
            parts.layers.append(layer)
    # The lengths of both sides are not in a fused layer alone, so a text layer that changes nothing says them.
    silent = RecordedLayer("silent", "text→image", torch.zeros(1, 2, 3, 4), empty, empty, empty, empty)
    whole.layers.append(silent)
    parts.layers.append(silent)
    torch.testing.assert_close(rollout(parts, 0), rollout(whole, 0))
    both = [
        relevancy(recording, {layer: layer.weights[0].mean(dim=0) for layer in recording.layers})
        for recording in (parts, whole)
    ]
    torch.testing.assert_close(*both)
