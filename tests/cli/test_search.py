"""``python -m vtviz index``, ``search`` and ``recommend``, on a small network."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner, Result

from tests.tasks.search.made import save_photo
from vtviz.cli import app
from vtviz.engine import local
from vtviz.inputs import InputError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.tasks.search.store import close_store


@pytest.fixture(autouse=True)
def small(tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    for seed in range(6):
        save_photo(folder / "photos" / "ab"[seed % 2] / f"{seed}.png", seed)
    return folder / "photos"


@pytest.fixture
def store(photos: Path, tmp_path: Path) -> Iterator[Path]:
    address = tmp_path / "store"
    run("index", photos, "--store", address, "--model", "tiny")
    yield address
    close_store(str(address))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(item) for item in arguments])


def rows(*arguments: str | Path) -> list[dict[str, object]]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    shown: list[dict[str, object]] = json.loads(result.stdout)
    return shown


def test_an_index_says_what_it_did(photos: Path, tmp_path: Path) -> None:
    first = run("index", photos, "--store", tmp_path / "s", "--model", "tiny")
    assert "6 photos indexed: 6 added, 0 changed, 0 removed, 0 unchanged, 0 unreadable" in first.stdout
    again = run("index", photos, "--store", tmp_path / "s", "--model", "tiny")
    assert "0 added, 0 changed, 0 removed, 6 unchanged" in again.stdout
    close_store(str(tmp_path / "s"))


def test_results_are_photos_with_scores_and_ranks(store: Path) -> None:
    found = rows("search", "--store", store, "--text", "a dog runs", "--top", "4")
    assert [list(row) for row in found] == [["photo", "score", "rank"]] * 4
    assert [row["rank"] for row in found] == [1, 2, 3, 4] and all("/" in str(row["photo"]) for row in found)
    scores = [float(str(row["score"])) for row in found]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    quick = rows("search", "--store", store, "--text", "a dog runs", "--no-rerank")
    assert len(quick) == 6 and {row["photo"] for row in quick} >= {row["photo"] for row in found}


def test_nearly_equal_photos_are_named_with_the_one_that_stands_for_them(photos: Path, tmp_path: Path) -> None:
    folder, store = tmp_path / "photos", str(tmp_path / "alike")
    for name in ("x.png", "y.png"):
        save_photo(folder / name, 1)
    run("index", folder, "--store", store, "--model", "tiny")
    found = rows("search", "--store", store, "--text", "a dog", "--no-rerank")
    assert len(found) == 1 and {found[0]["photo"], *cast(list[str], found[0]["also"])} == {"x.png", "y.png"}
    lines = run("search", "--store", store, "--text", "a dog", "--no-rerank").stdout.splitlines()
    assert len(lines) == 2 and lines[1].split() == ["=", *cast(list[str], found[0]["also"])]
    close_store(store)


def test_photos_boxes_weights_and_filters_are_queries_too(store: Path, photos: Path) -> None:
    assert rows("search", "--store", store, "--photo", photos / "a" / "0.png", "--top", "1")[0]["photo"] == "a/0.png"
    others = rows("search", "--store", store, "--photo", "a/0.png")
    assert len(others) == 5
    assert len(rows("search", "--store", store, "--photo", "a/0.png", "--box", "0,0,0.5,0.5", "--text", "a dog")) == 6
    mixed = rows("search", "--store", store, "--text", "a dog", "--plus", "0.5:runs", "--minus", "skateboarder")
    assert len(mixed) == 6
    inside = rows("search", "--store", store, "--text", "a dog", "--folder", "b", "--since", "1990-01-01")
    assert {row["photo"] for row in inside} == {"b/1.png", "b/3.png", "b/5.png"}
    assert rows("search", "--store", store, "--text", "a dog", "--until", "1990-01-01") == []


def test_likes_are_recommended_from_and_saved(store: Path, tmp_path: Path) -> None:
    taste = tmp_path / "taste.json"
    found = rows("recommend", "--store", store, "--like", "a/0.png", "--unlike", "b/1.png", "--save", taste)
    assert {row["photo"] for row in found} == {"a/2.png", "b/3.png", "a/4.png", "b/5.png"}
    assert rows("recommend", "--store", store, "--profile", taste) == found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search"], "nothing to search for"),
        (["search", "--text", "?"], "contains no words"),
        (["search", "--photo", "gone.png"], "cannot be read"),
        (["search", "--text", "a dog", "--box", "0,0,1,1"], "--box needs --photo"),
        (["search", "--photo", "a/0.png", "--box", "0,0,2"], "A box is four numbers"),
        (["search", "--text", "a dog", "--since", "May"], "May is not a day"),
        (["recommend"], "Nothing is liked yet"),
        (["recommend", "--profile", "gone.json"], "cannot be read"),
    ],
)
def test_bad_input_gets_one_sentence(arguments: list[str], message: str, store: Path) -> None:
    result = run(arguments[0], "--store", store, *arguments[1:])
    assert isinstance(result.exception, InputError) and message in str(result.exception)


def test_there_must_be_a_store(tmp_path: Path) -> None:
    result = run("search", "--store", tmp_path / "none", "--text", "a dog")
    assert "index a folder first" in str(result.exception)
