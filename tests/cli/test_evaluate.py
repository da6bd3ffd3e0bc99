"""The evaluate command: its report. Whole evaluations are tested in tests/evaluation."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from vtviz.cli import app
from vtviz.inputs import InputError
from vtviz.models import registry
from vtviz.models.vtviz_base.model import VtvizBase


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three photos with two captions each."""
    (tmp_path / "images").mkdir()
    rows = []
    for number, caption in enumerate(("a dog", "a dog runs", "a skateboarder")):
        pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
        rows.append({"image": f"{number}.png", "captions": [caption, "dog"]})
    (tmp_path / "dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_the_report_says_what_the_figures_say(data: Path, tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "load_model", lambda name, device: tiny)
    common = ["evaluate", "--data", str(data), "--split", "dev", "--output", str(data / "figures.json")]
    result = CliRunner().invoke(app, [*common, "--report", str(data / "report" / "page.html")])
    assert result.exit_code == 0, result.output
    figures = json.loads((data / "figures.json").read_text())["matching"]
    page = (data / "report" / "page.html").read_text(encoding="utf-8")
    assert f"<b>{figures['auc']:.3f}</b>" in page and f"<b>{figures['ece']:.3f}</b>" in page
    assert f"<td>{figures['match']['correct']}</td><td>{figures['mismatch']['correct']}</td>" in page
    assert "12 pairs of 3 photos: 6 matches, 6 mismatches" in page


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--report", "r.html", "--pointing-only"], "leave out --pointing-only"),
        (["--language", "tlh"], "no language tlh"),
    ],
)
def test_what_cannot_be_is_refused_before_the_work(data: Path, more: list[str], message: str) -> None:
    result = CliRunner().invoke(
        app, ["evaluate", "--data", str(data), "--split", "dev", "--output", str(data / "f.json"), *more]
    )
    assert isinstance(result.exception, InputError) and message in str(result.exception)
