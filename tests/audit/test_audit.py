"""Audits from end to end with a small untrained network."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from tests.audit.conftest import SETTINGS, write_manifest
from vtviz.audit import audit
from vtviz.audit.audit import run_audit
from vtviz.audit.replay import differences, replay
from vtviz.audit.report.html import to_html, write_html
from vtviz.audit.rows import loop as run
from vtviz.audit.rows.row import in_frame
from vtviz.audit.settings import RANDOM, Settings
from vtviz.inputs import InputError
from vtviz.jobs import parts
from vtviz.jobs.door import Door
from vtviz.manifests.read import read_manifest
from vtviz.watch import Cancelled, Progress, Watch


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, door: Door) -> Path:
    """The folder of an audit that ran undisturbed."""
    folder = tmp_path_factory.mktemp("finished")
    run_audit(read_manifest(write_manifest(folder)), SETTINGS, folder / "out", door)
    return folder / "out"


@pytest.fixture
def report(finished: Path, manifest: Path, tmp_path: Path) -> dict[str, Any]:
    """Its report, and a copy of its folder in ``tmp_path / "out"`` that belongs to the test's own manifest."""
    shutil.copytree(finished, tmp_path / "out")
    found: dict[str, Any] = orjson.loads((finished / "report.json").read_bytes())
    found["inputs"]["path"] = str(manifest)
    (tmp_path / "out" / "report.json").write_bytes(orjson.dumps(found))
    return found


def test_rows_figures_and_checks_are_there(report: dict[str, Any], tmp_path: Path) -> None:
    rows = pq.read_table(tmp_path / "out" / "rows.parquet").to_pylist()
    assert [(row["row"], row["method"]) for row in rows[:3]] == [
        (1, "raw_attention"),
        (1, "attention_gradcam"),
        (1, RANDOM),
    ]
    assert len(rows) == 15 and not (tmp_path / "out" / "parts").exists()
    summary = report["summary"]
    assert summary["rows"]["tiny"] == {"total": 5, "measured": 4, "failed": 1}
    failed = [row for row in rows if row["status"] == "failed"]
    assert {row["row"] for row in failed} == {3} and "not a JPEG" in failed[0]["reason"]
    assert list(summary["failures"].values()) == [1]
    own = [row["insertion"] for row in rows if row["method"] == "raw_attention" and row["status"] == "ok"]
    found = summary["metrics"]["tiny"]["raw_attention"]["insertion"]
    assert (
        found["mean"] == pytest.approx(np.mean(own))
        and found["n"] == 4
        and found["low"] <= found["mean"] <= found["high"]
    )
    assert summary["metrics"]["tiny"][RANDOM]["pointing"]["n"] == 1  # one row has boxes
    assert set(summary["groups"]) == {"even", "odd"}
    assert summary["groups"]["odd"]["tiny"][RANDOM]["insertion"]["n"] == 2
    assert {each["check"] for each in summary["sanity"]["tiny"]["raw_attention"]} == {
        "cascading_randomisation",
        "independent_randomisation",
        "text_swap",
        "random_logit",
    }
    assert np.shape(summary["attention_entropy"]["tiny"]) == (2, 2) == np.shape(summary["heads"]["tiny"]["importance"])


def test_every_pair_is_compared_and_p_values_are_adjusted(report: dict[str, Any]) -> None:
    pairs = {(c["first"]["method"], c["second"]["method"]) for c in report["summary"]["comparisons"]}
    assert pairs == {("raw_attention", "attention_gradcam"), ("raw_attention", RANDOM), ("attention_gradcam", RANDOM)}
    assert all(c["p_adjusted"] >= c["p"] and c["better"] is None for c in report["summary"]["comparisons"])
    assert not any(c["metric"] == "coverage" for c in report["summary"]["comparisons"])


def test_boxes_follow_the_part_of_the_photo_that_the_map_lies_on() -> None:
    boxes = ((0.0, 0.0, 0.5, 1.0), (0.9, 0.0, 1.0, 1.0))
    assert in_frame(boxes, (0.0, 0.0, 1.0, 1.0)) == boxes
    np.testing.assert_allclose(in_frame(boxes, (0.25, 0.0, 0.75, 1.0)), [(0.0, 0.0, 0.5, 1.0)])


class Killed(BaseException):
    """Stands for a kill: no handler of ordinary errors sees it."""


@pytest.mark.parametrize("moment", [("rows", 3), ("checks", 2), ("report", 0)])
def test_killed_and_started_again_it_ends_with_the_same_figures(
    report: dict[str, Any],
    manifest: Path,
    tmp_path: Path,
    door: Door,
    moment: tuple[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "FLUSH_ROWS", 1)
    seen: list[Progress] = []

    def kill(now: Progress) -> None:
        seen.append(now)
        if (now.stage, now.done) == moment:
            raise Killed

    rows, folder = read_manifest(manifest), tmp_path / "again"
    with pytest.raises(Killed):
        run_audit(rows, SETTINGS, folder, door, Watch(kill))
    measured: list[Progress] = []
    second = run_audit(rows, SETTINGS, folder, door, Watch(measured.append))
    assert not list(differences(report["summary"], second["summary"], "summary"))
    started = {now.stage: now.done for now in reversed(measured)}
    assert started["rows"] == (2 if moment[0] == "rows" else 4)  # only the third row, which failed, is tried again


def test_a_kill_between_the_whole_file_and_its_parts_counts_no_row_twice(
    report: dict[str, Any], manifest: Path, tmp_path: Path, door: Door
) -> None:
    whole = tmp_path / "out" / "rows.parquet"
    (tmp_path / "out" / "parts").mkdir()
    (tmp_path / "out" / "parts" / "000000.parquet").write_bytes(whole.read_bytes())
    again = run_audit(read_manifest(manifest), SETTINGS, tmp_path / "out", door)
    assert pq.read_table(whole).num_rows == 15 and again["summary"] == report["summary"]


def test_cancelling_keeps_what_was_measured(manifest: Path, tmp_path: Path, door: Door) -> None:
    seen: list[Progress] = []
    watch = Watch(seen.append, lambda: bool(seen) and seen[-1].done == 2)
    with pytest.raises(Cancelled):
        run_audit(read_manifest(manifest), SETTINGS, tmp_path / "out", door, watch)
    assert audit.RowStore(tmp_path / "out", SETTINGS.metrics).done().keys() == {("tiny", 1), ("tiny", 2)}
    assert seen[1].seconds_left is not None and seen[1].seconds_left > 0


def test_a_folder_goes_on_with_the_same_audit_only(
    report: dict[str, Any], manifest: Path, tmp_path: Path, door: Door
) -> None:
    with pytest.raises(InputError, match="different inputs or settings"):
        run_audit(read_manifest(manifest), replace(SETTINGS, seed=1), tmp_path / "out", door)


def test_a_replay_finds_what_changed_and_nothing_else(
    report: dict[str, Any], manifest: Path, tmp_path: Path, door: Door
) -> None:
    path = tmp_path / "out" / "report.json"
    told = json.loads(path.read_text())
    told["summary"]["score"]["tiny"]["mean"] += 1e-5
    path.write_text(json.dumps(told))
    assert [each.place for each in replay(path, tmp_path / "second", door)] == ["summary.score.tiny.mean"]
    manifest.write_text(manifest.read_text() + json.dumps({"image": "photo-0.png", "text": "a dog"}))
    assert "sha256" in {each.place for each in replay(path, tmp_path / "third", door)}


def test_a_replay_measures_again(report: dict[str, Any], tmp_path: Path, door: Door) -> None:
    with pytest.raises(InputError, match="needs an empty folder"):
        replay(tmp_path / "out" / "report.json", tmp_path / "out", door)


def test_a_difference_says_by_how_much() -> None:
    (number,), (words,) = (list(differences(a, b, "x")) for a, b in ((0.5, 0.25), ("a", None)))
    assert str(number) == "x: 0.5 in the report, 0.25 now (a difference of -0.25)"
    assert str(words) == "x: a in the report, None now"


def test_a_full_disk_gives_one_sentence(
    manifest: Path, tmp_path: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "rows")

    monkeypatch.setattr(parts, "_write", full)
    with pytest.raises(InputError, match=r"cannot be written to: No space left on device\. Rows measured so far"):
        run_audit(read_manifest(manifest, 1), SETTINGS, tmp_path / "out", door)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be written to: (File exists|Not a directory)"):
        run_audit(read_manifest(manifest, 1), SETTINGS, tmp_path / "file", door)


def test_a_chinese_report_gives_reasons_in_chinese(report: dict[str, Any], tmp_path: Path) -> None:
    report["summary"]["failures"] = {"The photo a.jpg cannot be read: No such file or directory.": 1, "Own words": 2}
    pictures = {file.name: file.read_bytes() for file in (tmp_path / "out" / "cases").iterdir()}
    page = to_html(report, pictures, "zh")
    assert "无法读取照片 a.jpg：没有这个文件或文件夹。" in page and "Own words" in page


def test_rows_that_all_fail_give_one_sentence(tmp_path: Path, door: Door) -> None:
    (tmp_path / "m.csv").write_text("image,text\nnone.jpg,a dog\n")
    with pytest.raises(
        InputError, match=r"No row could be measured\. First reason: The photo none\.jpg cannot be read"
    ):
        run_audit(read_manifest(tmp_path / "m.csv"), SETTINGS, tmp_path / "out", door)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methods": ("magic",)}, "no method called magic"),
        ({"metrics": ("x",)}, "no metric called x"),
        ({"metrics": ()}, "one metric"),
        ({"fill": "red"}, "no fill called red"),
        ({"steps": 1}, "two steps"),
    ],
)
def test_bad_settings_get_one_sentence(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Settings(**change)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_loads_nothing_and_escapes_texts(report: dict[str, Any], tmp_path: Path, language: str) -> None:
    page = write_html(tmp_path / "out", language).read_text(encoding="utf-8")
    assert "<b>dog</b>" not in page and "&lt;b&gt;dog&lt;/b&gt;" in page
    assert (
        "http://" not in page and "https://" not in page and "<script" not in page and "data:image/jpeg;base64," in page
    )
    assert report["inputs"]["sha256"] in page and report["models"][0]["weights_sha256"] in page


def test_a_report_of_two_models_names_them(manifest: Path, tmp_path: Path, door: Door) -> None:
    settings = replace(
        SETTINGS, models=("tiny", "twin"), methods=("raw_attention",), metrics=("insertion", "deletion"), probes=1
    )
    found = run_audit(read_manifest(manifest, 2), settings, tmp_path / "two", door)
    across = [c for c in found["summary"]["comparisons"] if c["first"]["model"] != c["second"]["model"]]
    assert across and all(c["first"]["method"] == c["second"]["method"] and c["mean"] == 0.0 for c in across)
    assert to_html(found, {p.name: p.read_bytes() for p in (tmp_path / "two" / "cases").iterdir()}).count("twin") > 3
