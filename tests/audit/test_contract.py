"""A whole audit under terms, with the small network: scope, rules, wrong texts, sheets and the bundle."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.audit.conftest import SETTINGS, write_manifest
from vtviz.audit.audit import run_audit
from vtviz.audit.contract.bundle.chain import CHAIN
from vtviz.audit.contract.bundle.verify import verify_bundle
from vtviz.audit.contract.contract import read_contract
from vtviz.audit.rows import loop
from vtviz.cli import app
from vtviz.inputs import InputError
from vtviz.jobs.door import Door
from vtviz.manifests.read import read_manifest
from vtviz.watch import Progress, Watch

FEW = replace(SETTINGS, methods=("raw_attention",), metrics=("insertion", "pointing"), probes=1, wrong_texts=1)
TIMED = ("report.json", "report.html")


class Killed(BaseException):
    """Stands for a kill: no handler of ordinary errors sees it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, door: Door) -> Path:
    """An audit that ran undisturbed, in ``out``, and one that was killed and resumed, in ``again``."""
    root = tmp_path_factory.mktemp("contract")
    write_manifest(root)
    (root / "scope.toml").write_text('system = "Search"')
    (root / "rules.toml").write_text('[[rule]]\nname = "hard"\nmetric = "insertion"\nat_least = 1\nrows = 1')
    run(root, root / "out", door)

    def kill(now: Progress) -> None:
        if (now.stage, now.done) == ("rows", 3):
            raise Killed

    flush, loop.FLUSH_ROWS = loop.FLUSH_ROWS, 1
    try:
        with pytest.raises(Killed):
            run(root, root / "again", door, Watch(kill))
    finally:
        loop.FLUSH_ROWS = flush
    run(root, root / "again", door)
    return root


def run(root: Path, output: Path, door: Door, watch: Watch | None = None) -> dict[str, Any]:
    contract = read_contract(root / "scope.toml", root / "rules.toml", "1,2,3")
    return run_audit(read_manifest(root / "manifest.jsonl"), FEW, output, door, watch, contract=contract)


def test_the_report_is_held_to_its_terms(folder: Path) -> None:
    report = json.loads((folder / "out" / "report.json").read_text())
    assert report["scope"]["fields"] == {"system": "Search"} and not report["rules"]["met"]
    assert [outcome["verdict"] for outcome in report["rules"]["outcomes"]] == ["failed"]
    assert b'failures="1"' in (folder / "out" / "junit.xml").read_bytes()
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert page.index("Search") < page.index("hard") < page.index("The model on these rows") < page.index("Findings")


def test_wrong_texts_are_scored_and_belong_to_the_model_alone(folder: Path) -> None:
    table = pq.read_table(folder / "out" / "rows.parquet")
    rows = {row["row"]: row for row in table.to_pylist() if row["method"] == "random"}
    assert all(len(rows[number]["wrong_scores"]) == 1 for number in (1, 2, 4, 5)) and rows[3]["wrong_scores"] is None
    found = json.loads((folder / "out" / "report.json").read_text())["summary"]["model"]["tiny"]["all"]
    assert (found["matches"], found["mismatches"]) == (4, 4) and found["auc"]["value"] is not None


def test_sheets_are_written_for_the_rows_that_were_asked_for(folder: Path) -> None:
    assert sorted(file.name for file in (folder / "out" / "sheets").iterdir()) == ["row-1.html", "row-2.html"]
    report = json.loads((folder / "out" / "report.json").read_text())
    sheets, missing = report["sheets"], report["sheets_missing"]
    assert [sheet["row"] for sheet in missing] == [3] and "JPEG" in missing[0]["reason"]  # costs nobody the report
    assert [sheet["row"] for sheet in sheets] == [1, 2] and sheets[0]["words"] == ["a", "dog", "runs"]


def test_killed_and_resumed_the_bundle_has_the_same_hashes_but_for_times(folder: Path) -> None:
    chains = []
    for name in ("out", "again"):
        found = verify_bundle(folder / name / "bundle.zip")
        assert found.problems == () == found.notes
        with zipfile.ZipFile(folder / name / "bundle.zip") as packed:
            chains.append(json.loads(packed.read(CHAIN))["parts"])
    names = [part["name"] for part in chains[0]]
    assert names[-2:] == [*TIMED] and "sheets/row-1.html" in names and len(names) > 10
    assert chains[0][:-2] == chains[1][:-2]


def test_the_command_line_verifies_and_compares(folder: Path, tmp_path: Path) -> None:
    def call(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["audit", *arguments])
        return result.exit_code, result.stdout

    bundle = str(folder / "out" / "bundle.zip")
    code, said = call("--verify", bundle)
    assert code == 0 and "The bundle is whole." in said and "Head of the chain: " in said
    (tmp_path / "b.zip").write_bytes(Path(bundle).read_bytes().replace(b"Search", b"search"))
    code, said = call("--verify", str(tmp_path / "b.zip"))
    assert code == 1 and "The bundle is not what was packed." in said
    reports = [str(folder / name / "report.json") for name in ("out", "again")]
    code, said = call("--compare", *reports, "--output", str(tmp_path / "diff"))
    assert code == 0 and "agree within their intervals" in said and (tmp_path / "diff" / "comparison.json").is_file()


def test_terms_that_cannot_be_met_are_refused_before_anything_is_measured(folder: Path, door: Door) -> None:
    (folder / "other.toml").write_text('[[rule]]\nmetric = "iou"\nat_least = 0')
    rows = read_manifest(folder / "manifest.jsonl")
    for contract, message in (
        (read_contract(None, folder / "other.toml"), "Rule 1 is about the metric iou"),
        (read_contract(None, None, "9"), "no row 9 in the manifest"),
    ):
        with pytest.raises(InputError, match=message):
            run_audit(rows, FEW, folder / "none", door, contract=contract)
    assert not (folder / "none").exists()
    with pytest.raises(InputError, match="must be numbers separated by commas"):
        read_contract(None, None, "1-3")
