"""Reported ways to lose work, or to write what others cannot read."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from vtviz.audit.audit import run_audit
from vtviz.audit.rows.store import RowStore
from vtviz.audit.settings import Settings
from vtviz.cli import main
from vtviz.engine.export import token_scores
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput, InputError
from vtviz.jobs.door import Door
from vtviz.manifests.read import read_manifest
from vtviz.models import registry
from vtviz.models.vtviz_base.model import VtvizBase

Run = Callable[..., str]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command that has to end with code 2; its one line. No model may be loaded for it."""

    def load(name: str, device: object) -> None:
        raise AssertionError("the work has begun")

    def run(*arguments: str | Path) -> str:
        monkeypatch.setattr(registry, "load_model", load)
        monkeypatch.setattr(sys, "argv", ["vtviz", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        line = capsys.readouterr().err.strip()
        assert ended.value.code == 2 and len(line.splitlines()) == 1
        return line

    return run


def test_figures_that_could_not_be_written_are_not_measured(
    refused: Run, data: Path, rows: list[dict[str, Any]]
) -> None:
    (data / "dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for place in (data, data / "dev.jsonl" / "dev.json"):
        line = refused("evaluate", "--data", data, "--split", "dev", "--output", place)
        assert "cannot be written there" in line and str(place) in line


def test_an_explanation_that_could_not_be_written_is_not_made(refused: Run, data: Path) -> None:
    photo = data / "images" / "0.png"
    assert "cannot be written there" in refused("explain", photo, "a dog", "--output", photo)
    assert not (data / "out").exists()


def test_a_figure_that_is_undefined_is_written_as_null(
    data: Path, rows: list[dict[str, Any]], tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's own writer would write NaN, which is no JSON."""
    (data / "dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (data / "judged.jsonl").write_text(json.dumps({"image": "0.png", "text": "a dog", "ratings": [2, 2]}))
    monkeypatch.setattr(registry, "load_model", lambda name, device: tiny)
    given = ("--data", data, "--split", "dev", "--judgements", data / "judged.jsonl", "--methods", "raw_attention")
    monkeypatch.setattr(sys, "argv", ["vtviz", "evaluate", *map(str, given), "--output", str(data / "new" / "f.json")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    figures = orjson.loads((data / "new" / "f.json").read_bytes())  # which refuses NaN
    assert figures["judgements"] == {"tau_c": None, "n": 2}


@pytest.mark.parametrize("keep", [0, 40])
def test_damaged_rows_of_an_audit_are_named(
    written: Any, data: Path, door: Door, settings: Settings, keep: int
) -> None:
    manifest = written(json.dumps({"image": "images/0.png", "text": "a dog"}))
    run_audit(manifest, settings, data / "out", door)
    rows = data / "out" / "rows.parquet"
    rows.write_bytes(rows.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"rows\.parquet is damaged; remove it"):
        run_audit(manifest, settings, data / "out", door)
    rows.unlink()
    assert run_audit(manifest, settings, data / "out", door)["summary"]["rows"]["tiny"]["measured"] == 1


def test_rows_reach_the_disk_before_they_get_their_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def noted(name: str, real: Callable[..., None]) -> Callable[..., None]:
        def call(*given: Any) -> None:
            done.append(name)
            real(*given)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    store = RowStore(tmp_path, ("coverage",))
    store.add([{"row": 1, "model": "tiny", "method": "random", "status": "ok"}])
    store.flush()
    assert done == ["fsync", "replace"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_folder_whose_name_is_no_text_costs_no_report(
    written: Any, data: Path, door: Door, settings: Settings
) -> None:
    folder = Path(os.fsdecode(os.fsencode(data) + b"/caf\xe9"))
    folder.mkdir()
    os.symlink(data / "images", folder / "images")
    written(json.dumps({"image": "images/0.png", "text": "a dog"}), f"{folder.name}/manifest.jsonl")
    report = run_audit(read_manifest(folder / "manifest.jsonl"), settings, data / "out", door)
    assert report["inputs"]["path"].endswith("caf�/manifest.jsonl")
    assert orjson.loads((data / "out" / "report.json").read_bytes())["summary"]["rows"]["tiny"]["measured"] == 1


def test_a_table_of_scores_runs_nothing_in_a_spreadsheet(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    made = tiny_engine.ask(Explain(photo, "=cmd a @sum -dog", "tiny", "raw_attention"))
    table = list(csv.reader(io.StringIO(token_scores(made).decode("utf-8-sig"))))[1:]
    assert [row[0] for row in table][:2] == ["'=", "cmd"]
    assert not [row[0] for row in table if row[0].startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_text_cannot_end_the_script_of_a_report(written: Any, data: Path, door: Door, settings: Settings) -> None:
    evil = "</script><script>alert(1)</script>"
    manifest = written(json.dumps({"image": "images/0.png", "text": f"a dog {evil}", "group": evil}))
    run_audit(manifest, settings, data / "out", door)
    page = (data / "out" / "report.html").read_text(encoding="utf-8")
    assert "alert(1)" in page and evil not in page
