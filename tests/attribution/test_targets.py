"""Targets as a person writes them."""

import pytest

from vtviz.attribution.targets import parse_target
from vtviz.inputs import InputError
from vtviz.models.base import Target
from vtviz.models.vtviz_base.model import VtvizBase


def test_targets_are_read(tiny: VtvizBase) -> None:
    assert parse_target(tiny, "match") == Target("match")
    assert parse_target(tiny, "caption:-1") == Target("caption", -1)
    assert parse_target(tiny, "answer:yes") == Target("answer", 1)


def test_an_unknown_answer_names_the_nearest_and_how_many_there_are(
    tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "answers", ("two", "red", "green", "greenish", "one", "agreed", *map(str, range(2000))))
    with pytest.raises(InputError) as caught:
        parse_target(tiny, "answer:gree")
    # 2 * matching characters / all characters: green 8/9, agreed 8/10, greenish 8/12, red 4/7, one and two 2/7
    assert str(caught.value) == (
        "The model does not know the answer gree; the nearest of its 2006 answers are: "
        "green, agreed, greenish, red, one."
    )
    with pytest.raises(InputError, match="of its 2006 answers"):
        parse_target(tiny, "answer:")
