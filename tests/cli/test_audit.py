"""The audit command: what it refuses. Whole audits are tested in tests/audit."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vtviz.cli import app
from vtviz.cli.audit_told import told_failures
from vtviz.inputs import InputError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "out"], "needs a manifest and --output"),
        (["m.csv"], "needs a manifest and --output"),
        (["m.csv", "--output", "out", "--engine", "none"], "no engine none"),
        (["m.csv", "--output", "out", "--language", "tlh"], "no language tlh"),
        (["m.csv", "--output", "out", "--methods", "magic"], "no method called magic"),
        (["m.csv", "--output", "out", "--metrics", "magic"], "no metric called magic"),
        (["m.csv", "--output", "out"], "cannot be read"),
        (["--replay", "none.json"], "cannot be read"),
    ],
)
def test_bad_input_gets_one_sentence(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["audit", *arguments])
    assert isinstance(result.exception, InputError) and message in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_another_file_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    result = CliRunner().invoke(app, ["audit", "--replay", str(tmp_path / "x.json")])
    assert "not an audit report" in str(result.exception)


def test_metrics_are_listed_with_their_direction() -> None:
    rows = json.loads(CliRunner().invoke(app, ["metrics", "--json"]).stdout)
    assert {"name": "deletion", "direction": "lower"}.items() <= next(
        r for r in rows if r["name"] == "deletion"
    ).items()


def test_rows_that_were_not_measured_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    reasons = {f"It is broken in way {number}.": number + 1 for number in range(6)}
    rows = {reason: list(range(1, min(count, 3) + 1)) for reason, count in reasons.items()}
    told_failures({"failures": reasons, "failed_rows": rows})
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "Not measured, row 1, 2, 3 and 3 more: It is broken in way 5."
    assert told[4:] == ["Not measured, row 1, 2: It is broken in way 1.", "The report has 1 more reasons."]
    told_failures({"failures": {}, "failed_rows": {}})
    assert capsys.readouterr().err == ""
