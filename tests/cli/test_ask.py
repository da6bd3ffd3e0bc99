"""``python -m vtviz ask``, on a small network."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.tasks.search.made import save_photo
from vtviz.cli import app
from vtviz.engine import local
from vtviz.files import read_photo
from vtviz.inputs import InputError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.tasks.answer import answer_question

QUESTION = "a dog runs"


def test_every_photo_is_asked(tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    monkeypatch.setattr(tiny, "unknown_words", lambda words: ())
    photos = [save_photo(tmp_path / "photos" / name, seed) for seed, name in enumerate(("a.png", "in/b.png"))]
    (tmp_path / "photos" / "c.jpg").touch()
    result = CliRunner().invoke(
        app, ["ask", str(tmp_path / "photos"), QUESTION, "--output", str(tmp_path / "out" / "answers.csv")]
    )
    assert result.exit_code == 0 and "2 of 3 photos answered" in result.stdout
    with (tmp_path / "out" / "answers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["photo"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["a.png", "c.jpg", "in/b.png"] and "empty" in rows["c.jpg"]["error"]
    for name, path in zip(("a.png", "in/b.png"), photos, strict=True):
        expected = answer_question(tiny, tiny.encode_image(read_photo(path)), QUESTION).candidates[0]
        assert (rows[name]["answer"], float(rows[name]["probability"])) == (
            expected[0],
            pytest.approx(expected[1], abs=1e-4),
        )


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["ask", str(tmp_path), QUESTION, "--output", str(tmp_path / "a.csv")])
    assert isinstance(result.exception, InputError) and "There are no photos in" in str(result.exception)
