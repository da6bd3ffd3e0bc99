"""What the heads did, with the small network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vtviz.attribution.case import Case
from vtviz.engine.engine import Engine
from vtviz.engine.explanation import Explanation
from vtviz.engine.heads import head_entropies, head_similarities
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.heads import MeasureHeads
from vtviz.inputs import ImageInput
from vtviz.metrics.heads import changes, value
from vtviz.models.base import Target
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Watch


@pytest.fixture(params=["match", "caption"])
def made(tiny_engine: Engine, photo: ImageInput, request: pytest.FixtureRequest) -> Explanation:
    """Whatever is explained, the heads on the page are those of the match."""
    target = Target(request.param, 1 if request.param == "caption" else 0)
    return tiny_engine.ask(Explain(photo, "a dog runs", "tiny", "attention_gradcam", target=target))


def test_heads_are_left_out_one_after_the_other(
    tiny_engine: Engine,
    made: Explanation,
    tiny: VtvizBase,
    photo: ImageInput,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[tuple[int, int]] = []
    with monkeypatch.context() as known:
        known.delattr(type(tiny), "encode_pixels")  # a photo that was explained is not encoded again
        watch = Watch(lambda now: heard.append((now.done, now.total)) if now.stage == "heads" and now.total else None)
        found = tiny_engine.ask(MeasureHeads.of(made), watch)
    case = Case(tiny, photo, ["a dog runs"])
    layers = made.record.of_kind("text→image")
    wanted = np.stack([changes(case, value(case), layer.name, len(layer.weights)) for layer in layers])
    assert found is not None and found.shape == (2, 2) and np.abs(wanted).min() > 0
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert heard == [(0, 2), (1, 2), (2, 2)]


def test_entropy_and_likeness_by_hand(made: Explanation) -> None:
    entropies, alike = head_entropies(made), head_similarities(made)
    assert entropies.shape == (2, 2) and alike.shape == (2,)
    first, count = made.text_offset, len(made.tokens.pieces)
    weights = made.record.of_kind("text→image")[1].weights[:, first : first + count]
    rows = torch.special.entr(weights).sum(-1) / np.log(weights.shape[-1])
    np.testing.assert_allclose(entropies[1], rows.mean(-1), atol=1e-5)
    assert alike[1] == pytest.approx(float(torch.cosine_similarity(weights[0], weights[1], dim=-1).mean()), abs=1e-5)


def test_without_attention_between_text_and_photo_there_is_no_head_to_leave_out(
    tiny_engine: Engine, tiny: VtvizBase, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "abilities", replace(tiny.abilities, kinds={"match": frozenset({"image"})}))
    assert tiny_engine.ask(MeasureHeads(photo, "a dog", "tiny")) is None
