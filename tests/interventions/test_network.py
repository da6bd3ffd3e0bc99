"""Changes of the network, against recomputations from the layers' own weights."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.interventions.conftest import TEXT, value
from tests.models.test_recorder import observers
from vtviz.attribution.case import Case
from vtviz.attribution.registry import methods
from vtviz.inputs import ImageInput, InputError
from vtviz.interventions.changes import Change, Cut, Drop, Hide, Push, Without
from vtviz.interventions.intervene import changed_case, intervene, offered
from vtviz.interventions.network import cut, layers_of, push
from vtviz.models.base import MATCH, Abilities, Target
from vtviz.models.record import KINDS
from vtviz.models.vtviz_base.model import VtvizBase

NAMES = {
    "text→image": "blocks.{}.text.attention",
    "image→text": "blocks.{}.image.attention",
    "text": "text_tower.layers.{}.attention",
    "image": "image_layer.attention",
    "fused": "joint.{}.attention",
}


def without_columns(model: VtvizBase, name: str, head: int | None) -> VtvizBase:
    """A copy of the model whose output projection does not read a head: the independent recomputation."""
    twin = copy.deepcopy(model)
    attention = twin.network.get_submodule(name)
    size = attention.output.weight.shape[1] // attention.heads
    columns = slice(None) if head is None else slice(head * size, (head + 1) * size)
    attention.output.weight.data[:, columns] = 0.0
    return twin


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", [None, 1])
def test_switching_off_equals_a_recomputation_from_the_weights(
    tiny: VtvizBase, photo: ImageInput, case: Case, kind: Any, head: int | None
) -> None:
    outcome = intervene(tiny, photo, TEXT, [Without(kind, 0, head)])
    wanted = value(without_columns(tiny, NAMES[kind].format(0), head), case.pixels)
    assert outcome.after.value == pytest.approx(wanted, abs=1e-5) and abs(wanted - outcome.before.value) > 1e-4
    weights = [layer.weights for layer in outcome.after.record.of_kind(kind)]
    assert not (weights[0] if head is None else weights[0][head]).any()
    assert all(layer.any() for layer in weights[1:])


def test_a_direction_is_all_layers_of_its_kind(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    outcome = intervene(tiny, photo, TEXT, [Without("image→text")])
    twin = without_columns(without_columns(tiny, NAMES["image→text"].format(0), None), "blocks.1.image.attention", None)
    assert outcome.after.value == pytest.approx(value(twin, case.pixels), abs=1e-5)


def test_the_heads_of_the_answer_are_those_that_run_for_it(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    target = Target("answer", 1)
    outcome = intervene(tiny, photo, TEXT, [Without("text→image", 1, 0)], target)
    twin = without_columns(tiny, "answer.decoder.layers.1.patches", 0)
    assert outcome.after.value == pytest.approx(value(twin, case.pixels, TEXT, target), abs=1e-5)
    assert outcome.after.value != outcome.before.value and outcome.after.score == outcome.before.score


def test_every_method_explains_the_changed_network(tiny: VtvizBase, photo: ImageInput) -> None:
    """What each finds is what it finds in a network whose output projection does not read the head."""
    twin = without_columns(tiny, NAMES["image"], 0)
    for name, method in methods().items():
        if method.supports(tiny.abilities, "match") is not None or method.perturbs:
            continue
        if name in ("rollout", "relevancy", "clip_surgery"):
            continue  # two read the zeros themselves, and one has a path of attention of its own
        outcome = intervene(tiny, photo, TEXT, [Without("image", 0, 0)], method=name)
        plain = intervene(twin, photo, TEXT, [], method=name).before
        torch.testing.assert_close(
            torch.tensor(outcome.after.relevance.image), torch.tensor(plain.relevance.image), atol=1e-3, rtol=1e-3
        )


@pytest.mark.parametrize("target", [MATCH, Target("answer", 0), Target("caption", 2)])
def test_a_cut_edge_has_weight_0_and_its_row_sums_to_1(tiny: VtvizBase, photo: ImageInput, target: Target) -> None:
    case = Case(tiny, photo, [TEXT], target)
    changed = changed_case(case, [Cut(patches=(0, 5), place=1)], layers_of(case))
    before, after = (
        [layer for layer in each.forward(False).attention.layers if layer.kind in ("text→image", "fused")]
        for each in (case, changed)
    )
    row, patches = tiny.text_offset + 1, [0, 5]
    for one, other in zip(before, after, strict=True):
        columns = [other.weights.shape[-1] - 16 + patch for patch in patches]
        assert not other.weights[0, :, row][:, columns].any() and one.weights[0, :, row][:, columns].all()
        torch.testing.assert_close(other.weights.sum(dim=-1), torch.ones_like(other.weights[..., 0]), atol=1e-6, rtol=0)
    first, then = before[0].weights[0], after[0].weights[0]
    assert torch.equal(first[:, row - 1], then[:, row - 1])  # the other words' attention is as it was
    left = [column for column in range(16) if column not in patches]
    expected = first[:, row][:, left] / first[:, row][:, left].sum(dim=-1, keepdim=True)
    torch.testing.assert_close(then[:, row][:, left], expected)
    assert float(changed.values()) != float(case.values())


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_pushed_rows_sum_to_1(tiny: VtvizBase, photo: ImageInput, strength: float) -> None:
    outcome = intervene(tiny, photo, TEXT, [Push(patches=(0, 5), place=2, strength=strength)])
    row = tiny.text_offset + 2
    for kind in ("text→image", "fused"):
        for one, other in zip(outcome.before.record.of_kind(kind), outcome.after.record.of_kind(kind), strict=True):  # type: ignore[arg-type]
            sums = other.weights[:, row].sum(dim=-1)
            torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-6, rtol=0)
            inside = [other.weights.shape[-1] - 16 + patch for patch in (0, 5)]
            assert (other.weights[:, row][:, inside] >= one.weights[:, row][:, inside] * 0.99).all()
    first, then = (state.record.of_kind("text→image")[0].weights[:, row] for state in (outcome.before, outcome.after))
    outside = torch.tensor([column for column in range(16) if column not in (0, 5)])
    torch.testing.assert_close(then[:, outside], (1 - strength) * first[:, outside])
    gained = strength * first[:, outside].sum(dim=-1) / 2
    torch.testing.assert_close(then[:, 5], first[:, 5] + gained)


def test_a_push_without_strength_is_the_plain_pass_to_the_last_bit(tiny: VtvizBase, photo: ImageInput) -> None:
    outcome = intervene(tiny, photo, TEXT, [Push(patches=(0, 5), place=2, strength=0.0)])
    assert outcome.after.value == outcome.before.value and outcome.after.score == outcome.before.score
    for one, other in zip(outcome.before.record.layers, outcome.after.record.layers, strict=True):
        assert torch.equal(one.weights, other.weights)
    rows = torch.rand(2, 3, 7).softmax(dim=-1)
    assert torch.equal(push(rows, torch.tensor([1, 4]), 0.0), rows)


def test_a_row_with_nothing_but_cut_patches_is_one_of_zeros() -> None:
    rows = torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]])
    assert cut(rows, torch.tensor([0, 1])).tolist() == [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]


def test_words_are_found_after_others_were_dropped(tiny: VtvizBase, photo: ImageInput) -> None:
    """A word is named by its place in the whole text, and its row moves with it."""
    change = Cut(patches=(0, 5), place=2)
    outcome = intervene(tiny, photo, TEXT, [Drop(0), change])
    weights = outcome.after.record.of_kind("text→image")[0].weights
    row = tiny.text_offset + 1
    assert not weights[:, row][:, [0, 5]].any() and weights[:, row + 1].all() and weights[:, row - 1].all()
    alone = intervene(tiny, photo, "dog runs", [Cut(patches=(0, 5), place=1)])
    assert outcome.after.value == pytest.approx(alone.after.value, abs=1e-5)
    with pytest.raises(InputError, match="no word 2 any more"):
        intervene(tiny, photo, TEXT, [Drop(2), change])


def test_several_changes_of_one_layer_come_one_after_the_other(tiny: VtvizBase, photo: ImageInput) -> None:
    changes = [Push(patches=(3,), place=1, strength=1.0), Cut(patches=(3,), place=1), Without("text→image", 0, 0)]
    outcome = intervene(tiny, photo, TEXT, changes)
    weights = outcome.after.record.of_kind("text→image")[0].weights
    assert not weights[0].any() and not weights[1, tiny.text_offset + 1].any() and weights[1, 0].all()


def test_methods_that_drop_words_are_refused_where_a_word_is_changed(tiny: VtvizBase, photo: ImageInput) -> None:
    for name in ("leave_one_out", "feature_ablation"):
        with pytest.raises(InputError, match="drops words"):
            intervene(tiny, photo, TEXT, [Cut(patches=(1,), place=1)], method=name)
        intervene(tiny, photo, TEXT, [Without("fused")], method=name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Without("text→image", 2), "no text→image layer 2"),
        (Without("text→image", -1), "no text→image layer -1"),
        (Without("text→image", 0, 2), "no head 2"),
        (Without("text→image", None, 1), "Name the layer"),
        (Cut(patches=(0,), place=3), "no word 3"),
        (Push(patches=(16,), place=1), "no patch 16"),
        (Push(patches=(0,), place=1, strength=1.5), "strength 1.5"),
        (Push(patches=(0,), place=1, strength=float("nan")), "strength nan"),
    ],
)
def test_what_is_not_there_is_refused_and_the_network_is_put_back(
    tiny: VtvizBase, photo: ImageInput, change: Change, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        intervene(tiny, photo, TEXT, [change])
    assert set(observers(tiny.network)) == {None}


def test_everything_is_put_back_after_success_and_failure(
    tiny: VtvizBase, photo: ImageInput, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, weights = value(tiny, case.pixels), {name: each.clone() for name, each in tiny.network.state_dict().items()}
    every: list[Change] = [Hide(patches=(1,)), Drop(0), Without("image"), Cut(patches=(1,), place=1)]
    before = intervene(tiny, photo, TEXT, []).before
    intervene(tiny, photo, TEXT, every, before=before)

    def fail(*_: Any) -> Callable[..., Tensor]:
        raise RuntimeError("out of order")

    monkeypatch.setattr("vtviz.interventions.network.cut", fail)
    with pytest.raises(RuntimeError, match="out of order"):
        intervene(tiny, photo, TEXT, every, before=before)
    assert set(observers(tiny.network)) == {None} and not tiny.network.training
    assert all(torch.equal(weights[name], each) for name, each in tiny.network.state_dict().items())
    assert all(not parameter.requires_grad and parameter.grad is None for parameter in tiny.network.parameters())
    assert value(tiny, case.pixels) == plain


def test_what_a_model_offers_follows_from_its_attention(tiny: VtvizBase, photo: ImageInput) -> None:
    def names(abilities: Abilities, target: Any = "match") -> set[str]:
        return {name for name, reason in offered(abilities, target).items() if reason is None}

    photo_and_text = {"hide", "only", "move", "drop"}
    assert names(tiny.abilities) == photo_and_text | {"without", "cut", "push"}
    assert names(tiny.abilities, "similarity") == photo_and_text | {"without"}
    assert names(Abilities({"match": frozenset()}, compares=False)) == photo_and_text
    pooled = Abilities({"match": frozenset({"text→image"})}, compares=False, reads_patches=False)
    assert names(pooled) == photo_and_text | {"without"} and "summaries" in str(offered(pooled, "match")["cut"])
    with pytest.raises(InputError, match="No word attends to a patch"):
        intervene(tiny, photo, TEXT, [Cut(patches=(0,), place=0)], Target("similarity"))
    with pytest.raises(InputError, match="no text→image attention"):
        intervene(tiny, photo, TEXT, [Without("text→image")], Target("similarity"))
