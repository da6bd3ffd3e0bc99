"""Verdicts for a reader who knows no statistics."""

from typing import Any

import pytest

from vtviz.audit.report.verdict import verdicts
from vtviz.audit.settings import RANDOM


def report(better: dict[str, str | None]) -> dict[str, Any]:
    pair = {"first": {"model": "m", "method": "a"}, "second": {"model": "m", "method": RANDOM}}
    means = {name: {"mean": 0.5} for name in better}
    return {
        "metrics": dict.fromkeys(better),
        "summary": {
            "comparisons": [
                {"metric": name, **pair, "p_adjusted": 0.01, "better": side} for name, side in better.items()
            ],
            "metrics": {"m": {"a": means, RANDOM: means}},
            "sanity": {},
        },
    }


@pytest.mark.parametrize(
    ("energy", "iou", "expected"),
    [
        ("first", "second", ("against_random.sharp", "unsure")),  # sharp, in the right place
        (None, "second", ("against_random.bad", "bad")),
        ("second", "second", ("against_random.bad", "bad")),
        ("first", "first", ("against_random.good", "good")),
        ("first", None, ("against_random.unsure", "unsure")),
    ],
)
def test_a_low_iou_of_a_map_that_lies_right_is_no_failure(
    energy: str | None, iou: str | None, expected: tuple[str, str]
) -> None:
    found = {each.values["metric"]: each for each in verdicts(report({"energy": energy, "iou": iou}), "m", "a")}
    assert (found["iou"].key, found["iou"].tone) == expected
