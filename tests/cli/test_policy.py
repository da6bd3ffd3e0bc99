"""``python -m vtviz policy``, on a small network."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from vtviz.cli import app
from vtviz.engine import local
from vtviz.files import DATA
from vtviz.inputs import InputError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import ASSETS

CAT = ASSETS / "samples" / "chelsea.jpg"
POLICY = """schema: vtviz.policy/1
name: Test
rules:
  - {name: together, photo: a dog, words: [dinner], threshold: 0, action: block, message: Not both}
"""


@pytest.fixture(autouse=True)
def small(tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    monkeypatch.setenv(DATA, str(tmp_path / "data"))


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["policy", *map(str, arguments)])


def test_a_check_says_what_fired_and_notes_it(policy: Path, tmp_path: Path) -> None:
    alone = run("check", policy, CAT, "--json")
    assert json.loads(alone.stdout)["action"] == "allow"
    together = run("check", policy, CAT, "Our dinner tonight")
    assert together.stdout.splitlines()[0] == "block" and "Not both [a dog, dinner]" in together.stdout
    lines = [json.loads(line) for line in (tmp_path / "data" / "policy-log.jsonl").read_text().splitlines()]
    assert [(line["action"], line["rule"]) for line in lines] == [("allow", None), ("block", "together")]
    assert "does not read the language" not in together.stderr
    policy.write_text(POLICY.replace("a dog", "一只狗"))
    assert "does not read the language" in run("check", policy, CAT, "--model", "open_clip:ViT-B-32/openai").stderr
    run("check", policy, CAT, "--log", tmp_path / "own.jsonl")
    assert len((tmp_path / "own.jsonl").read_text().splitlines()) == 1


def test_a_decision_is_written_with_its_evidence(policy: Path, tmp_path: Path) -> None:
    shown = run("check", policy, CAT, "   Our\u00ad dinner", "--output", tmp_path / "out")
    assert "[a dog, dinner]" in shown.stdout
    written = json.loads((tmp_path / "out" / "decision.json").read_text())
    evidence, (span,) = written["evidence"], written["fired"]["spans"]
    assert written["text"][slice(*span)] == "dinner" and evidence["text"] == "a dog"
    assert [len(evidence["image_map"]), len(evidence["image_map"][0])] == evidence["grid"]
    assert {"model", "weights_sha256"} <= set(written) and [token["text"] for token in evidence["tokens"]] == [
        "a",
        "dog",
    ]
    with Image.open(tmp_path / "out" / "evidence.png") as picture, Image.open(CAT) as photo:
        assert picture.size == photo.size
    run("check", policy, CAT, "--output", tmp_path / "out")
    assert not (tmp_path / "out" / "evidence.png").exists()


def test_an_evaluation_has_figures_of_every_rule(policy: Path, tmp_path: Path) -> None:
    rows = [
        {"image": str(CAT), "text": "dinner", "rules": ["together"]},
        {"image": str(CAT), "text": "good morning", "rules": []},
        {"image": str(CAT)},
    ]
    manifest, output = tmp_path / "rows.jsonl", tmp_path / "out" / "figures.json"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    shown = run("evaluate", policy, manifest, "--output", output)
    assert "together: precision 0.50, recall 1.00, ROC AUC 1.00 on 2 rows, 1 positive" in shown.stdout
    figures = json.loads(output.read_text())
    assert figures["rules"][0]["suggested"]["precision"] == 1.0 and figures["policy"] == "Test"
    assert json.loads(run("evaluate", policy, manifest, "--json").stdout) == figures


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("rules: []", [str(CAT)], "the field schema is missing"),
        (POLICY, ["gone.jpg"], "cannot be read"),
        (POLICY, [str(CAT), "?!"], "contains no words"),
    ],
)
def test_bad_input_gets_one_sentence(tmp_path: Path, text: str, arguments: list[str], message: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    result = run("check", path, *arguments)
    assert isinstance(result.exception, InputError) and message in str(result.exception)
    assert "cannot be read" in str(run("check", tmp_path / "none.yaml", CAT).exception)


def test_the_example_blocks_a_harmless_photo_with_a_harmless_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the shipped model: neither alone breaks a rule."""
    monkeypatch.undo()
    example, kitten, cup = ASSETS / "policies" / "example.yaml", "kitten.jpg", "coffee.jpg"
    asked = [(kitten, "Our dinner tonight"), (kitten, ""), (cup, "Our dinner tonight")]
    ruled = [run("check", example, ASSETS / "samples" / photo, text, "--json").stdout for photo, text in asked]
    assert [json.loads(shown)["action"] for shown in ruled] == ["block", "allow", "allow"]
