"""The command line as a person runs it: mostly in this process, where nothing has to be imported again."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vtviz.cli import main
from vtviz.paths import ASSETS

CAT = ASSETS / "samples" / "chelsea.jpg"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vtviz", *map(str, arguments)]
    return subprocess.run(command, cwd=ASSETS.parent, capture_output=True, text=True, timeout=300)


Here = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    def run_here(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = ["vtviz", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        return subprocess.CompletedProcess(command, int(ended.value.code or 0), *capsys.readouterr())

    return run_here


def test_explain_writes_the_file_and_a_picture_a_word(tmp_path: Path) -> None:
    done = run("explain", CAT, "a brown cat", "--method", "attention_gradcam", "--html", "--output", tmp_path / "out")
    assert done.returncode == 0 and "describes the photo" in done.stdout
    file = json.loads((tmp_path / "out" / "explanation.json").read_text())
    assert file["method"] == "attention_gradcam" and [each["text"] for each in file["tokens"]] == ["a", "brown", "cat"]
    names = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert names == ["word-00-a.png", "word-01-brown.png", "word-02-cat.png"]
    page = (tmp_path / "out" / "lens.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "<title>a brown cat</title>" in page


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-photo.jpg", "a cat"),
        (str(ASSETS.parent / "README.md"), "a cat"),
        (str(CAT), "  "),
        (str(CAT), "a cat", "--model", "nothing"),
        (str(CAT), "a cat", "--method", "magic"),
        (str(CAT), "a cat", "--method", ""),
        (str(CAT), "a cat", "--device", "cuda:77"),
        (str(CAT), "a cat", "--layer", "12"),
        (str(CAT), "a cat", "--method", "rise", "--layer", "1"),
        (str(CAT), "a cat", "--target", "answer:nonsense"),
        (str(CAT), "a cat", "--target", "caption"),
        (str(CAT), "a cat", "--target", "caption:-7"),
        (str(CAT), "a cat", "--target", "caption:99999999999999999999"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(here: Here, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = here("explain", *arguments, "--output", tmp_path / "out")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("explain", CAT), "text"),
        (("explain", CAT, "a cat", "--nosuch", "1"), "--nosuch"),
        (("explain", CAT, "a cat", "--layer", "one", "--output", "x"), "--layer"),
        (("nothing",), "nothing"),
    ],
)
def test_a_misspelt_command_ends_with_code_2_and_one_line(
    here: Here, arguments: tuple[str | Path, ...], told: str
) -> None:
    done = here(*arguments)
    assert done.returncode == 2 and told in done.stderr and "--help" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_train_without_its_data_ends_with_code_2_and_one_line(here: Here, tmp_path: Path) -> None:
    done = here("train", "--data", tmp_path, "--cache", tmp_path / "cache", "--output", tmp_path / "out")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_captions_and_answers(here: Here) -> None:
    captions = json.loads(here("caption", CAT, "--json").stdout)
    assert len(captions) == 3 and all(0 <= each["match"] <= 1 and each["text"] for each in captions)
    assert [each["match"] for each in captions] == sorted((each["match"] for each in captions), reverse=True)
    answers = json.loads(here("answer", CAT, "Is there a dog?", "--json").stdout)
    assert len(answers) == 5 and sum(each["probability"] for each in answers) <= 1.001
    empty = here("answer", CAT, "?")
    assert empty.returncode == 2 and len(empty.stderr.strip().splitlines()) == 1


def test_words_that_the_model_does_not_know_are_named(here: Here, tmp_path: Path) -> None:
    done = here("explain", CAT, "a cat and a theodolite", "--output", tmp_path)
    assert (
        "Rare or unseen in training: theodolite." in done.stderr
        and "as far as the model knows its words" in done.stdout
    )
    assert json.loads((tmp_path / "explanation.json").read_text())["unknown_words"] == ["theodolite"]


def test_a_method_without_maps_writes_no_pictures_and_says_so(here: Here, tmp_path: Path) -> None:
    done = here("explain", CAT, "a cat", "--method", "leave_one_out", "--output", tmp_path)
    assert done.returncode == 0 and "does not cover the photo" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["explanation.json"]


def test_a_second_explain_leaves_nothing_of_the_first(here: Here, tmp_path: Path) -> None:
    others = ("notes.txt", "word-00-a.jpg", "word-list.png", "my-word-00-a.png", "word-00-a b.png")
    for name in others:
        (tmp_path / name).write_text("mine")
    assert here("explain", CAT, "a brown cat", "--html", "--output", tmp_path).returncode == 0
    assert (tmp_path / "lens.html").is_file() and (tmp_path / "word-02-cat.png").is_file()
    assert here("explain", CAT, "?  a", "--output", tmp_path).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "explanation.json",
        "word-00-mark.png",
        "word-01-a.png",
        *others,
    }
    assert all((tmp_path / name).read_text() == "mine" for name in others)


def test_a_folder_without_an_explanation_keeps_its_files(here: Here, tmp_path: Path) -> None:
    (tmp_path / "word-07-mine.png").write_text("mine")
    assert here("explain", CAT, "a cat", "--output", tmp_path).returncode == 0
    assert (tmp_path / "word-07-mine.png").read_text() == "mine"


@pytest.mark.parametrize(("samples", "told"), [("2", True), ("32", False)])
def test_integrated_gradients_that_stay_incomplete_say_so(here: Here, tmp_path: Path, samples: str, told: bool) -> None:
    method = ("--method", "integrated_gradients", "--samples", samples)
    done = here("explain", CAT, "a brown cat with green eyes", *method, "--output", tmp_path)
    delta = json.loads((tmp_path / "explanation.json").read_text())["details"]["delta"]
    sentence = f"{delta:.3g} of the change is unexplained, which is more than 1%"
    assert done.returncode == 0 and (sentence in done.stderr) == told, done.stderr


def test_a_question_beyond_the_context_is_said(here: Here) -> None:
    done = here("answer", CAT, "Is there a cat or a dog " * 60 + "?", "--json")
    assert done.returncode == 0 and len(json.loads(done.stdout)) == 5
    assert done.stderr.strip() == "The question was longer than the model reads; the end was left out."


def test_an_unknown_answer_names_a_few_that_are_near(here: Here, tmp_path: Path) -> None:
    done = here("explain", CAT, "a cat", "--target", "answer:nonsense", "--output", tmp_path / "out")
    assert done.returncode == 2 and "the nearest of its" in done.stderr and len(done.stderr) < 250


def test_paths_as_people_type_them(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "cat.jpg").write_bytes(CAT.read_bytes())
    done = here("explain", "~/cat.jpg", "a cat", "--output=~/out")
    assert done.returncode == 0 and (tmp_path / "out" / "explanation.json").is_file(), done.stderr
    for typed, told in (
        (
            "https://example.org/cat.jpg",
            "The photo https://example.org/cat.jpg cannot be read: it is a web address",
        ),
        ("file:///tmp/cat.jpg", "The photo file:///tmp/cat.jpg cannot be read: it is a file:// address"),
        ("sub\\cat.jpg", "there is no such file; separate folders with / instead of \\"),
        ("~nobody-at-all/cat.jpg", "write the full path of your home folder instead of ~"),
        (tmp_path, "Is a directory"),
    ):
        done = here("explain", typed, "a cat", "--output", tmp_path / "none")
        assert done.returncode == 2 and told in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
    for command in (
        ("audit", "https://example.org/m.csv", "--output", "x"),
        ("audit", "--replay", "ftp://a/report.json"),
    ):
        done = here(*command)
        assert done.returncode == 2 and "is a web address" in done.stderr


def test_models_and_methods_for_programs(here: Here) -> None:
    models = json.loads(here("models", "--json").stdout)
    assert any(model["name"] == "vtviz-base" and model["available"] for model in models)
    methods = {method["name"]: method for method in json.loads(here("methods", "--json").stdout)}
    assert len(methods) == 16 and methods["raw_attention"]["cost"] == "1F" and methods["shapley"]["signed"]
    for method in methods.values():
        assert method["paper"] and method["label"] and "match" in method["models"]["vtviz-base"]["targets"]
    assert "needs text→image" in methods["raw_attention"]["models"]["vtviz-base"]["reasons"]["similarity"]


def test_options_and_targets_reach_the_method(here: Here, tmp_path: Path) -> None:
    options = ("--method", "rise", "--samples", "12", "--seed", "3", "--window", "5", "--target", "similarity")
    done = here("explain", CAT, "a brown cat", *options, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    file = json.loads((tmp_path / "explanation.json").read_text())
    assert file["options"] == {"samples": 12, "seed": 3, "window": 5} and file["target"]["kind"] == "similarity"
    assert file["maps_of"] == "text" and file["signed"] and file["details"]["value"] > 0


def test_each_word_is_explained_on_its_own_where_that_can_be_done(here: Here, tmp_path: Path) -> None:
    asked = ("explain", CAT, "a brown cat", "--method", "relevancy", "--words-alone", "--output", tmp_path)
    done = here(*asked, "--target", "similarity")
    assert done.returncode == 0 and "its word as a text of its own" in done.stdout, done.stderr
    file = json.loads((tmp_path / "explanation.json").read_text())
    assert file["maps_of"] == "word" and file["maps"][1] != file["maps"][2]
    done = here(*asked)
    assert done.returncode == 2 and "cannot explain each word on its own" in done.stderr


def test_evaluate_follows_the_contract(here: Here, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "images").mkdir(parents=True)
    rows = []
    for name, text in (("chelsea", "a cat"), ("coffee", "a red cup"), ("camera", "a man with a camera")):
        (data / "images" / f"{name}.jpg").write_bytes((ASSETS / "samples" / f"{name}.jpg").read_bytes())
        phrase = {"caption": 0, "start": 0, "end": len(text), "text": text, "kind": [], "boxes": [[0, 0, 1, 1]]}
        rows.append({"image": f"{name}.jpg", "captions": [text], "phrases": [phrase]})
    (data / "tiny.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    judged = [{"image": "chelsea.jpg", "text": text, "ratings": r} for text, r in (("a cat", [4, 4]), ("a car", [1]))]
    (tmp_path / "judged.jsonl").write_text("\n".join(json.dumps(row) for row in judged))
    output = tmp_path / "figures.json"
    done = run(
        "evaluate", "--data", data, "--split", "tiny", "--judgements", tmp_path / "judged.jsonl", "--output", output
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(output.read_text())
    assert figures["matching"]["match"]["correct"] == 3 and figures["matching"]["auc"] == 1.0
    assert figures["retrieval"]["text_to_image"] == {"recall@1": 1.0, "recall@5": 1.0, "recall@10": 1.0}
    whole = {"hits": 3, "phrases": 3, "accuracy": 1.0, "centre_baseline": 1.0}
    assert {"attention_gradcam", "raw_attention", "relevancy", "clip_surgery"} <= set(figures["pointing"])
    assert not {"rise", "leave_one_out"} & set(figures["pointing"])
    assert all(each == whole for each in figures["pointing"].values())
    assert 0 <= figures["caption"]["bleu4"] <= 1 and figures["caption"]["photos"] == 3
    asked = figures["answers"]["kinds"]["colour"]
    assert asked["questions"] == 1 and asked["most_frequent"] == "red" and asked["most_frequent_accuracy"] == 1.0
    assert figures["judgements"]["n"] == 3 and figures["judgements"]["tau_c"] == pytest.approx(8 / 9)
    missing = here("evaluate", "--data", data, "--split", "none", "--output", output)
    assert missing.returncode == 2 and "none" in missing.stderr
