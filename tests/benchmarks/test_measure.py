"""What the benchmarks make of times."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import benchmarks.__main__ as command
from benchmarks import measure
from benchmarks.measure import Figure, Times, in_turn, missing, over, with_version
from benchmarks.table import as_markdown, machine


def test_runs_take_turns_and_the_first_round_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, order = [0.0], list[str]()
    monkeypatch.setattr(measure.time, "perf_counter", lambda: clock[0])
    spent = {"quick": iter([100.0, 1.0, 9.0, 2.0]), "slow": iter([50.0, 10.0, 20.0, 60.0])}

    def run(name: str) -> None:
        order.append(name)
        clock[0] += next(spent[name])

    times = in_turn({"quick": lambda: run("quick"), "slow": lambda: run("slow")}, 3)
    assert order == ["quick", "slow"] * 4
    assert times.medians == {"quick": 2.0, "slow": 20.0} and not times.failures


def test_a_run_that_fails_says_why_and_the_others_go_on() -> None:
    calls: list[int] = []

    def broken() -> None:
        calls.append(1)
        raise AttributeError("no such layer\nand more")

    times = in_turn({"plain": lambda: None, "peer": broken}, 2)
    assert len(calls) == 1 and set(times.medians) == {"plain"}
    assert times.failures == {"peer": "AttributeError: no such layer"}
    (figure,) = over("Maps", Times({"plain": 2.0}, times.failures), "plain", "×", 2)
    assert figure.value is None and figure.note == "does not run here: AttributeError: no such layer"


def test_a_run_that_fails_later_is_not_hidden() -> None:
    left = iter([None])
    with pytest.raises(StopIteration):
        in_turn({"once": lambda: next(left)}, 1)


def test_figures_are_over_the_base() -> None:
    found = over("Maps", Times({"plain": 2.0, "ours": 3.0}), "plain", "× a plain pass", 5, {"ours": "twelve texts"})
    assert found == [Figure("Maps", "ours", 1.5, "× a plain pass", 5, "twelve texts")]


def test_the_table_names_machine_versions_and_what_is_missing() -> None:
    figures = [Figure("Maps", "ours", 1.5, "×", 5, "a | b"), missing("Maps", "torchcam"), Figure("App", "page", 1234.5)]
    text = as_markdown(figures, machine(), "python -m benchmarks --quick")
    assert "`python -m benchmarks --quick` on " in text and "torch " in text and "load average" in text
    assert "| ours | 1.5 × | 5 | a \\| b |" in text and "| page | 1,234 | 1 |  |" in text
    assert "| torchcam | – |  | skipped: torchcam is not installed (requirements-benchmarks.txt) |" in text
    assert text.index("### Maps") < text.index("### App")


def test_a_version_is_that_of_the_package() -> None:
    assert with_version("pytest") == f"pytest {pytest.__version__}"
    assert with_version("no-such-package") == "no-such-package"


def test_a_part_that_fails_keeps_its_figures_and_those_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def good(rounds: int) -> Iterator[Figure]:
        seen.append(rounds)
        yield Figure("Good", "thing", 2.0, "ms", rounds)

    def bad(rounds: int) -> Iterator[Figure]:
        yield Figure("Bad", "first", 1.0)
        raise RuntimeError("out of luck")

    monkeypatch.setattr(command, "PARTS", {"bad": bad, "good": good})
    app = command.typer.Typer()
    app.command()(command.main)
    done = CliRunner().invoke(app, ["--quick", "--output", str(tmp_path)])
    assert done.exit_code == 0 and seen == [command.QUICK], done.output
    figures = json.loads((tmp_path / "benchmarks.json").read_text())["figures"]
    assert [(each["what"], each["value"]) for each in figures] == [("first", 1.0), ("bad", None), ("thing", 2.0)]
    assert figures[1]["note"] == "failed: RuntimeError: out of luck"
    assert "### Good" in (tmp_path / "benchmarks.md").read_text()
    wrong = CliRunner().invoke(app, ["--part", "none", "--output", str(tmp_path)])
    assert wrong.exit_code == 2 and "There is no part none" in wrong.output
