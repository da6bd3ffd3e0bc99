"""Which rows of a manifest belong together, and the texts that do not belong to a photo."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.audit.made import rows_of
from vtviz.audit.rows.wrong_texts import wrong_texts
from vtviz.manifests.read import NO_LABELS, read_manifest


@pytest.mark.parametrize(
    ("values", "labels", "noted"),
    [
        ([1, 0, None], [1, 0, None], False),
        (["match", "False", ""], [1, 0, None], False),
        ([True, "0.0", 1.0], [1, 0, 1], False),
        (["dog", 1, 0], [None] * 3, True),
        ([2, 1, 0], [None] * 3, True),
    ],
)
def test_labels_are_read_unless_they_mean_something_else(
    tmp_path: Path, values: list[Any], labels: list[int | None], noted: bool
) -> None:
    key = "Label" if values[0] == 1 else "label"
    rows = [{"image": "a.jpg", "text": "a dog", key: value} for value in values]
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = read_manifest(tmp_path / "m.jsonl")
    assert [row.label for row in manifest.rows] == labels and (NO_LABELS in manifest.notes) == noted


def test_wrong_texts_are_true_ones_of_other_photos(tmp_path: Path) -> None:
    rows = list(rows_of(tmp_path, 5).rows)
    rows[1] = replace(rows[1], image=rows[0].image)  # another text about the first photo
    rows[2] = replace(rows[2], label=0)  # which may describe any photo
    rows[3] = replace(rows[3], text="!?")
    found = wrong_texts(rows, 2)
    assert found == {
        1: ("text 5",),
        2: ("text 5",),
        3: ("text 5", "text 1"),
        4: ("text 5", "text 1"),
        5: ("text 1",),
    }
    assert wrong_texts(rows, 0) == {}
