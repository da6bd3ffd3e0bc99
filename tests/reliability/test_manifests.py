"""Reported faults of CSV and JSON-lines readers, at the manifest of an audit."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from vtviz.audit.audit import run_audit
from vtviz.audit.settings import Settings
from vtviz.inputs import InputError

GOOD = {"image": "images/0.png", "text": "a dog"}


def test_groups_that_look_like_missing_values_stay(written: Any) -> None:
    table = "image,text,group\n" + "".join(
        f"images/{i}.png,a dog,{name}\n" for i, name in enumerate(("NA", "nan", "0"))
    )
    assert [row.group for row in written(table, "m.csv").rows] == ["NA", "nan", "0"]


@pytest.mark.parametrize("name", ["m.csv", "m.jsonl"])
def test_a_byte_order_mark_is_no_text(written: Any, name: str) -> None:
    content = "image,text\nimages/0.png,a dog\n" if name == "m.csv" else json.dumps(GOOD)
    assert written("\ufeff" + content, name).rows[0].text == "a dog"


def test_a_table_with_semicolons_is_read(written: Any) -> None:
    (row,) = written("image;text\nimages/0.png;a dog, running\n", "m.csv").rows
    assert (row.image.name, row.text) == ("0.png", "a dog, running")


def test_a_quote_that_is_not_closed_swallows_no_rows(written: Any) -> None:
    with pytest.raises(InputError):
        written('image,text\nimages/0.png,"a dog\nimages/1.png,a dog\nimages/2.png,a dog\n', "m.csv")


def test_a_column_named_twice_is_refused(written: Any) -> None:
    with pytest.raises(InputError):
        written("image,text,text\nimages/0.png,a dog,runs\n", "m.csv")


@pytest.mark.parametrize("table", ["image," + "a" * 140_000 + "\n", "image,text\rimages/0.png,a dog\r"])
def test_a_first_line_that_is_no_csv_gets_one_sentence(written: Any, table: str) -> None:
    with contextlib.suppress(InputError):
        assert len(written(table, "m.csv").rows) == 1  # lines may end as on an old Macintosh


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_separator_inside_a_text_is_no_end_of_line(written: Any, separator: str) -> None:
    line = json.dumps({**GOOD, "text": f"a dog{separator}runs"}, ensure_ascii=False)
    assert len(written(f"{line}\n{json.dumps(GOOD)}\n").rows) == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True])
def test_a_text_is_text(written: Any, value: Any) -> None:
    """A frame of pandas with a missing text gives NaN, which would be explained as the word "nan"."""
    with pytest.raises(InputError):
        written(json.dumps({**GOOD, "text": value}))


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,  # deeper than the reader goes
        '{"image": "images/0.png", "text": ' + "9" * 5000 + "}",  # more digits than Python converts
        json.dumps({**GOOD, "boxes": [[0, 0, 10**400, 1]]}),  # more than a float holds
    ],
)
def test_json_beyond_every_limit_gets_one_sentence(written: Any, line: str) -> None:
    with pytest.raises(InputError):
        written(line)


@pytest.mark.parametrize("column", ["text", "group", "image"])
def test_half_a_surrogate_pair_costs_no_audit(
    written: Any, data: Path, door: Any, settings: Settings, column: str
) -> None:
    """JSON can hold what no file in UTF-8 can, and ``rows.parquet`` is one: the whole audit would be lost."""
    lines = [{**GOOD, column: "a dog \ud83d"}, GOOD]
    try:
        manifest = written("\n".join(map(json.dumps, lines)))
    except InputError:
        return
    assert run_audit(manifest, settings, data / "out", door)["summary"]["rows"]["tiny"]["measured"] >= 1
