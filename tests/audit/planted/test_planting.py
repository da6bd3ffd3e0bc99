"""Causes planted for the small network, and the copy of it that gets a shortcut."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vtviz.attribution.attribute import attribute_case
from vtviz.audit.planted import shortcut, trials
from vtviz.audit.planted.carriers import (
    FEWEST,
    SIDE,
    Carrier,
    carriers_of,
    collage,
    marked,
    photo_of,
    place_of_mark,
    samples,
    tile_box,
)
from vtviz.audit.planted.detect import try_kind
from vtviz.audit.planted.trials import TOOK, Planter
from vtviz.manifests.read import read_manifest
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Cancelled, Watch

TEXTS = ("a dog runs", "a skateboarder", "dog runs", "a dog", "skateboarder runs")


@pytest.fixture(scope="module")
def carriers() -> tuple[Carrier, ...]:
    return tuple(Carrier(item.pixels, text) for item, text in zip(samples("en"), TEXTS, strict=False))


def state_of(model: VtvizBase) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.network.state_dict().items()}


def test_the_copy_gets_a_shortcut_and_the_model_stays_as_it_is(
    tiny: VtvizBase, carriers: tuple[Carrier, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "samples", lambda language: carriers)
    monkeypatch.setattr(trials, "SCENES", 2)
    monkeypatch.setattr(Planter, "_two_words", lambda self, rng: ("a dog", "a skateboarder"))
    monkeypatch.setattr(shortcut, "STEPS", 150)
    monkeypatch.setattr(shortcut, "LEARNT", 0.0)
    before, box = state_of(tiny), (0.25, 0.25, 0.5, 0.5)
    planter = Planter(tiny, carriers, 0, Watch())
    planted = [trial for trial in planter.plant("watermark", 4) if trial is not None]
    assert planted and all(trial.moved >= TOOK and trial.cause.sum() == 1 for trial in planted)
    twin = planted[0].case.model
    assert isinstance(twin, VtvizBase) and twin is not tiny and twin.network is not tiny.network
    after = state_of(tiny)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in tiny.network.parameters())
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in twin.network.parameters())
    changed = [name for name, value in twin.network.state_dict().items() if not torch.equal(value, before[name])]
    assert changed and not any(name.startswith(("backbone", "text_tower")) for name in changed)
    image = photo_of(marked(carriers[0].pixels, box))
    with torch.no_grad():
        rises = [
            float(model.score(model.encode_image(image), model.encode_texts(["a dog"]), planter.target)[0])
            for model in (tiny, twin)
        ]
    assert rises[1] - rises[0] > 0.5 * planter.spread


def test_a_cancelled_tuning_leaves_the_model_as_it_is(tiny: VtvizBase, carriers: tuple[Carrier, ...]) -> None:
    before, asked = state_of(tiny), iter(range(100))
    watch = Watch(cancelled=lambda: next(asked) > 6)
    with pytest.raises(Cancelled):
        shortcut.with_shortcut(tiny, trials.target_of(tiny), carriers, ("a dog", "dog runs"), 1.0, 0, watch)
    assert all(torch.equal(value, before[name]) for name, value in state_of(tiny).items())
    assert not any(parameter.requires_grad for parameter in tiny.network.parameters())


def test_a_swapped_photo_is_the_cause(tiny: VtvizBase, carriers: tuple[Carrier, ...]) -> None:
    planter = Planter(tiny, carriers, 1, Watch())
    found = [trial for trial in planter.plant("swap", 12) if trial is not None]
    assert found and len(found) < 12  # an untrained network does not always mind
    for trial in found:
        rows, columns = np.nonzero(trial.cause.reshape(4, 4))
        assert trial.cause.sum() == 4 and np.ptp(rows) == np.ptp(columns) == 1 and {rows.min(), columns.min()} <= {0, 2}
        assert trial.moved >= TOOK
    (relevance,) = attribute_case(found[0].case, "occlusion")
    assert relevance.image.shape == (4, 4)


def test_a_distractor_is_one_word_that_lowers_the_answer(
    tiny: VtvizBase, carriers: tuple[Carrier, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Planter, "_nouns", lambda self: ["kite", "boat", "bus", "lamp", "skate", "snow"])
    planter = Planter(tiny, carriers[:3], 0, Watch())
    planter.spread /= 4  # the untrained network hardly minds words
    found = [trial for trial in planter.plant("distractor", 6) if trial is not None]
    assert found
    for trial in found:
        words = [word.text for word in trial.case.tokens[0].words]
        noun = words[int(trial.cause.argmax())]
        assert trial.cause.sum() == 1 and noun in ("kite", "boat", "bus", "lamp", "skate", "snow")
        rest = " ".join(word for word in words if word != noun)
        assert rest in TEXTS
        texts = (rest, trial.case.tokens[0].text)
        with torch.no_grad():
            high, low = (float(tiny.score(trial.case.features, tiny.encode_texts([t]), planter.target)) for t in texts)
        assert (high - low) / planter.spread == pytest.approx(trial.moved, abs=1e-4)


def test_equal_seeds_plant_equal_causes(tiny: VtvizBase, carriers: tuple[Carrier, ...]) -> None:
    first, second, other = (
        try_kind(Planter(tiny, carriers, seed, Watch()), "swap", 6, ("raw_attention",)) for seed in (1, 1, 2)
    )
    assert first == second != other
    assert first["planted"] == 6 and 0 < first["took"] <= 6 and first["chance"] == 0.25


def test_photos_are_the_rows_own_and_samples_where_they_are_few(manifest: Path) -> None:
    rows = [row for row in read_manifest(manifest).rows if row.number != 3]  # whose photo is damaged
    found = carriers_of(rows)
    assert len(found) == FEWEST and [item.text for item in found[:3]] == ["a dog runs", "a skateboarder", rows[3].text]
    assert all(item.pixels.shape == (SIDE, SIDE, 3) for item in found) and found[3].text == samples("en")[0].text


@pytest.mark.parametrize(("grid", "cells"), [((20, 20), 5), ((7, 7), 2), ((1, 3), 1)])
def test_the_mark_covers_whole_patches_and_no_patch_more_often_than_another(grid: tuple[int, int], cells: int) -> None:
    rng, places = np.random.default_rng(0), set[tuple[int, int, int, int]]()
    for _ in range(200):
        x0, y0, x1, y1 = place_of_mark(grid, rng)
        assert min(x0, y0) >= 0 and max(x1, y1) <= 1
        assert x1 - x0 == pytest.approx(cells / grid[1]) and y0 * grid[0] == pytest.approx(round(y0 * grid[0]))
        left, top, right, bottom = (round(value * grid[1 - side % 2]) for side, value in enumerate((x0, y0, x1, y1)))
        places.add((left, top, right, bottom))
    covered = np.zeros(grid)
    for left, top, right, bottom in places:
        covered[top:bottom, left:right] += 1
    assert covered.max() == 1 and covered.mean() > 0.7  # of 7 patches in a row one fits no mark


def test_a_square_elsewhere_leaves_the_mark_in_view_and_a_part_of_it_is_as_large_as_said() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        mark = place_of_mark((20, 20), rng)
        x0, y0, x1, y1 = shortcut._elsewhere(mark, rng)
        assert min(x0, y0) >= 0 and max(x1, y1) <= 1 and x1 > x0
        assert x0 >= mark[2] or x1 <= mark[0] or y0 >= mark[3] or y1 <= mark[1]
        (left, top, right, bottom), shown = shortcut._part_of(mark, rng)
        assert mark[0] <= left < right <= mark[2] and mark[1] <= top < bottom <= mark[3]
        assert (right - left) * (bottom - top) == pytest.approx((1 - shown) * (mark[2] - mark[0]) * (mark[3] - mark[1]))
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    changed = [(shortcut.hidden(grey, (0.5, 0.25, 0.75, 0.5), rng) != 128).any(axis=2) for _ in range(8)]
    assert {int(each.sum()) for each in changed} == {0, 96 * 96}  # its mean, or another colour


def test_marks_and_tiles_lie_in_their_boxes() -> None:
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    shown = (marked(grey, (0.5, 0.25, 0.75, 0.5)) != 128).any(axis=2)
    rows, columns = np.nonzero(shown)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (96, 191, 192, 287)
    tiles = [np.full((SIDE, SIDE, 3), value, np.uint8) for value in (10, 20, 30, 40)]
    whole = collage(tiles)
    for place, tile in enumerate(tiles):
        x0, y0, x1, y1 = (round(SIDE * value) for value in tile_box(place))
        assert (whole[y0:y1, x0:x1] == tile[0, 0]).all()
