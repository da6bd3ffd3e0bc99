"""Targets as a person writes them."""

import pytest

from vtviz.attribution.targets import WrittenTarget, parse_target
from vtviz.inputs import InputError
from vtviz.models.base import MATCH, Target
from vtviz.models.vtviz_base.model import VtvizBase


@pytest.mark.parametrize(
    ("written", "kind", "detail", "is_known"),
    [
        ("match", "match", "", True),
        ("caption:-1", "caption", "-1", True),
        ("answer:yes: two", "answer", "yes: two", True),
        ("world", "world", "", False),
    ],
)
def test_a_target_is_read_and_written(written: str, kind: str, detail: str, is_known: bool) -> None:
    target = WrittenTarget.read(written)
    assert (target.kind, target.detail, target.is_known) == (kind, detail, is_known) and str(target) == written


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("match", MATCH),
        ("similarity", Target("similarity")),
        ("caption:2", Target("caption", 2)),
        ("caption:-1", Target("caption", -1)),
        ("answer:yes", Target("answer", 1)),
    ],
)
def test_a_model_gets_what_was_written(tiny: VtvizBase, written: str, target: Target) -> None:
    assert parse_target(tiny, written) == target


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("world", "There is no target world"),
        ("match:3", "There is no target match:3"),
        ("caption", "needs the number of a token"),
        ("caption:-2", "needs the number of a token"),
        ("caption:٣", "needs the number of a token"),
        ("answer:perhaps", "does not know the answer perhaps"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(tiny: VtvizBase, written: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        parse_target(tiny, written)


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
