"""The pointing game of a small network against the peaks of its maps."""

from pathlib import Path

import numpy as np
import pytest

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, methods
from vtviz.evaluation.photos import Photos
from vtviz.evaluation.pointing import Cover, PointingGame, pointing_methods
from vtviz.evaluation.split import Row
from vtviz.inputs import InputError
from vtviz.metrics.localisation import peak
from vtviz.models.vtviz_base.model import VtvizBase


def game() -> PointingGame:
    return PointingGame({"raw/0": (find_method("raw_attention"), Options(layer=0))})


def test_a_hit_is_a_peak_inside_the_box_of_the_phrase(tiny: VtvizBase, data: Path, rows: list[Row]) -> None:
    photo = Photos(tiny, data / "images").encode("1.png")
    row = rows[1]  # " a dog runs"
    row["phrases"][0].update(start=3, end=6, text="dog")
    case = Case(tiny, None, ["a dog runs"], features=photo.features)
    (relevance,) = attribute_case(case, "raw_attention", Options(layer=0))
    x, y = peak(relevance.maps[1], 64, 48, photo.frame)
    around, beside = [x - 0.01, y - 0.01, x + 0.01, y + 0.01], [x + 0.01, y + 0.01, x + 0.02, y + 0.02]
    for boxes, hits in (([around], 1), ([beside], 0), ([beside, around], 1)):
        row["phrases"][0]["boxes"] = boxes
        played = game()
        logits = played.play(tiny, photo, row)
        figures = played.figures()["raw/0"]
        assert (figures["hits"], figures["phrases"], figures["accuracy"]) == (hits, 1, float(hits))
        assert logits.shape == (1,)


def test_the_centre_is_the_baseline_and_photos_without_phrases_count_for_nothing(
    tiny: VtvizBase, data: Path, rows: list[Row]
) -> None:
    photos, played = Photos(tiny, data / "images"), game()
    rows[0]["phrases"][0]["boxes"] = [[0.4, 0.4, 0.6, 0.6]]
    rows[1]["phrases"][0]["boxes"] = [[0.0, 0.0, 0.1, 0.1]]
    rows[2]["phrases"] = []
    for row in rows:
        assert played.play(tiny, photos.encode(row["image"]), row).shape == (1,)
    assert played.figures()["raw/0"]["phrases"] == 2 and played.figures()["raw/0"]["centre_baseline"] == 0.5


def test_methods_by_name_all_of_them_and_the_quick_ones(tiny: VtvizBase) -> None:
    named = pointing_methods(tiny, "rise, raw_attention")
    assert [method.name for method in named] == ["rise", "raw_attention"]
    everything, quick = ({method.name for method in pointing_methods(tiny, names)} for names in ("all", None))
    assert quick < everything < methods().keys() and "rise" in everything - quick
    with pytest.raises(InputError, match="has no heatmap"):
        pointing_methods(tiny, "leave_one_out")
    with pytest.raises(InputError, match="no method called magic"):
        pointing_methods(tiny, "magic")


def test_cover_is_that_of_the_positive_part_by_hand() -> None:
    cover = Cover()
    cover.count(np.array([[1.0, 0.4], [-0.9, -0.1]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    # Inside lie 1 and 0, outside 0.4 and 0: of four pairs, two are right and one is a tie.
    figures = cover.figures()
    assert figures["auc"] == pytest.approx((2 + 0.5) / 4) and figures["energy"] == pytest.approx(1 / 1.4)
    assert figures["iou"] == figures["iou_half"] == pytest.approx(1 / 2) and figures["iou_level"] == 0.45
    assert set(Cover().figures().values()) == {None}
