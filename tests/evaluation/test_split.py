"""Reading splits."""

from pathlib import Path

import pytest

from vtviz.evaluation.split import read_split
from vtviz.inputs import InputError


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"{", "Line 1 of s.jsonl is not JSON"),
        (b'{"image": "a.jpg"}', "lacks one of: image, captions"),
        (b"[1]", "lacks one of"),
        (b'{"image": "a.jpg", "captions": []}', "a.jpg in s.jsonl has no captions"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_bad_split_gets_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "s.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_split(tmp_path, "s")


def test_a_limit_takes_the_first_rows(tmp_path: Path) -> None:
    lines = [f'{{"image": "{i}.jpg", "captions": ["a line \u2028 separator"]}}' for i in range(4)]
    (tmp_path / "s.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert [row["image"] for row in read_split(tmp_path, "s", 2)] == ["0.jpg", "1.jpg"]
