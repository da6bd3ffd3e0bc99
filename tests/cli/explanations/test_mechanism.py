"""``python -m vtviz mechanism``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROBLEM = {"x": [[1, 0]], "context": [[1, 0], [0, 1]], "w_q": [[2, 0]], "w_k": [[1, 0]], "w_v": [[1, 3]]}


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vtviz", "mechanism", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_steps_are_printed_or_written(tmp_path: Path) -> None:
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(PROBLEM))
    printed = run(file)
    assert printed.returncode == 0, printed.stderr
    steps = json.loads(printed.stdout)
    assert list(steps) == ["q", "k", "v", "scores", "scaled", "weights", "output"]
    assert steps["scores"] == [[2.0, 0.0]] and steps["output"][0][0] == pytest.approx(1.2384058)
    assert run(file, "--output", tmp_path / "out" / "steps.json").returncode == 0
    assert json.loads((tmp_path / "out" / "steps.json").read_text()) == steps


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps({**PROBLEM, "w_q": [[1]]}), "w_q has shape [1, 1] and x has shape [1, 2]"),
        ("{", "is not JSON"),
        (None, "cannot be read"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "problem.json"
    if text is not None:
        file.write_text(text)
    result = run(file)
    assert result.returncode == 2 and said in result.stderr and result.stderr.count("\n") == 1
