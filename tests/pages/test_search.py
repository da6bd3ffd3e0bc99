"""The Search page without a browser, with a small untrained network behind it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.tasks.search.made import save_photo
from vtviz.engine import local
from vtviz.files import DATA
from vtviz.jobs.history import Entry
from vtviz.models.registry import model_info
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import ASSETS, PAGES
from vtviz.tasks.search import store as stores
from vtviz.tasks.search.find import match_photos
from vtviz.tasks.search.store import close_store, open_store
from vtviz.ui.frame.resources import index_jobs
from vtviz.ui.search import find, folders, why
from vtviz.ui.search.taste import Side
from vtviz.watch import Progress

TEXT = "a dog runs"


@pytest.fixture(autouse=True)
def server(tiny: VtvizBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server of its own, in whose engine every model is the small one."""
    monkeypatch.setenv(DATA, str(tmp_path / "data"))
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    monkeypatch.setattr(tiny, "unknown_words", lambda words: ())
    st.cache_resource.clear()
    yield tmp_path
    for name in list(stores._open):
        close_store(name)
    st.cache_resource.clear()  # the next file's engine has the real models


@pytest.fixture
def photos(server: Path) -> Path:
    """Nine photos in two folders, one of them a copy, and a file that is no photo."""
    folder = server / "photos"
    for seed in range(8):
        save_photo(folder / ("sea" if seed % 2 else "hills") / f"{seed}.png", seed)
    (folder / "copy.png").write_bytes((folder / "hills" / "0.png").read_bytes())
    (folder / "broken.jpg").write_bytes(b"no photo")
    return folder


def indexed(photos: Path) -> Entry:
    """A folder whose index is there."""
    entry = index_jobs().start("my *photos*", photos)
    return finished(entry.id)


def finished(number: int) -> Entry:
    for _ in range(1200):
        now = index_jobs().history.get(number)
        if now is not None and now.state in ("done", "failed") and index_jobs().progress(number) is None:
            assert now.state == "done", now.error
            return now
        time.sleep(0.05)
    raise AssertionError("the index did not end")


def visit(**query: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / "search.py"), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.success, *app.warning, *app.error]
    return "\n".join(part.value for part in parts).replace("\\", "")


def on_wall(app: AppTest) -> list[str]:
    """The photos of the last wall, first to last."""
    keys = [str(button.key) for button in app.button if str(button.key).startswith("why-")]
    return [key.split("-", 2)[2] for key in keys]


def click(app: AppTest, start: str) -> AppTest:
    button = next(button for button in app.button if str(button.key).startswith(start))
    return button.click().run()


def test_a_first_visit_indexes_the_sample_photos() -> None:
    app = visit()
    assert not app.exception and not app.error
    (entry,) = index_jobs().history.all()
    assert finished(entry.id).manifest == (ASSETS / "samples").resolve()
    app.run()
    assert not app.exception and not app.error and len(on_wall(app)) == 12
    assert app.text_input(key="search-text").value == "A dog in the grass"
    assert app.query_params["text"] == "A dog in the grass"


def test_the_second_look_decides_the_order(photos: Path, tiny: VtvizBase) -> None:
    address = index_jobs().address(indexed(photos).id)
    app = visit(text=TEXT)
    assert not app.exception and not app.error, words(app)
    shown = on_wall(app)
    assert len(shown) == 8 and len({"copy.png", "hills/0.png"} & set(shown)) == 1  # a copy is shown once
    matched = match_photos(tiny, open_store(address), TEXT, shown)
    assert sorted(matched.scores, reverse=True) == pytest.approx(list(matched.scores))
    assert "Photos searched: 9" in words(app) and "looked at the first 8" in words(app)
    assert "1 nearly equal" in words(app)


def test_nothing_here_matches_is_said(photos: Path, tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch) -> None:
    indexed(photos)
    monkeypatch.setattr(tiny, "threshold", 0.999)
    app = visit(text=TEXT)
    assert any("Nothing here matches" in warning.value for warning in app.warning)
    assert len(on_wall(app)) == 8  # and the nearest ones are still there
    monkeypatch.setattr(tiny, "threshold", 0.0)
    st.cache_resource.clear()
    assert "Nothing here matches" not in words(visit(text=TEXT))


def test_why_is_shown_for_the_photo_that_is_clicked(photos: Path) -> None:
    indexed(photos)
    app = visit(text=TEXT)
    groups = [set(map(str, group.options)) for group in app.button_group]
    assert any({"Whole text", "dog", "runs"} == options for options in groups)
    third = on_wall(app)[2]
    app = click(app, f"why-{on_turn(app)}-{third}")
    assert any(third in caption.value.replace("\\", "") for caption in app.caption)


def on_turn(app: AppTest) -> str:
    return next(str(button.key).split("-")[1] for button in app.button if str(button.key).startswith("why-"))


def test_a_photo_finds_others_and_what_they_share(photos: Path) -> None:
    indexed(photos)
    app = visit(text=TEXT)
    first = on_wall(app)[0]
    app = click(app, "search-like-this")
    assert not app.exception and not app.error, words(app)
    assert app.text_input(key="search-text").value == "" and "Ordered by similarity" in words(app)
    assert first not in on_wall(app) and "Both photos may show" in words(app)
    app = click(app, "search-photo-drop")
    assert "search with a photo" in words(app) and not on_wall(app)


def test_a_part_of_a_photo_is_another_query(photos: Path) -> None:
    indexed(photos)
    app = visit(text=TEXT)
    single = next(path for path in on_wall(app) if path not in ("copy.png", "hills/0.png"))
    app = click(click(app, f"why-{on_turn(app)}-{single}"), "search-like-this")
    whole = on_wall(app)
    assert single not in whole
    app.slider(key="search-box-across").set_value((0, 40)).run()
    assert not app.exception and not app.error
    assert len(on_wall(app)) == len(whole) + 1 and single in on_wall(app)  # it is no longer the photo itself
    for view in ("likes", "find"):
        app.session_state["search-view"] = view
        app.run()
    assert app.slider(key="search-box-across").value == (0, 40)
    app.slider(key="search-box-across").set_value((40, 40)).run()
    assert "has no width or height" in words(app)
    app = click(app, "search-photo-drop")
    assert not app.exception and app.session_state["search-box-across"] == (0, 100)


def test_plus_minus_and_filters(photos: Path) -> None:
    indexed(photos)
    app = visit(text=TEXT)
    app.text_input(key="search-more-0").set_value("a red cat").run()
    app.number_input(key="search-more-weight-0").set_value(-1.0).run()
    assert not app.error and "weighted sum" in words(app) and app.text_input(key="search-more-1").value == ""
    app.selectbox(key="search-filter-00001-folder").set_value("sea").run()
    assert {path.split("/")[0] for path in on_wall(app)} == {"sea"} and "Photos searched: 4" in words(app)
    app.number_input(key="search-filter-00001-smallest").set_value(5000).run()
    assert "No photo passes the filters" in words(app)
    for view in ("likes", "find"):
        app.session_state["search-view"] = view
        app.run()
    assert app.selectbox(key="search-filter-00001-folder").value == "sea" and "No photo passes the filters" in words(
        app
    )


def test_a_hit_opens_in_explore_and_compare(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    indexed(photos)
    went: list[str] = []
    monkeypatch.setattr(why, "go_to", went.append)
    app = visit(text=TEXT)
    shown = on_wall(app)
    app.button(key="search-explore").click().run()
    chosen = app.session_state["selection"]
    assert went == ["explore"] and chosen.text == TEXT and len(chosen.photo) == 64
    app.button(key="search-compare").click().run()
    a, b = app.session_state["selectiona"], app.session_state["selectionb"]
    assert went[-1] == "compare" and b.photo == chosen.photo and a.photo != b.photo and a.text == b.text == TEXT
    assert len(shown) == 8


def test_likes_bring_more_like_them_and_a_profile(photos: Path) -> None:
    entry = indexed(photos)
    app = visit(text=TEXT)
    app.session_state["search-view"] = "likes"
    app.run()
    assert "Like photos under" in words(app)
    app.session_state["search-view"] = "find"
    app.run()
    liked, disliked = on_wall(app)[:2]
    judge(app, "like", liked)
    judge(app, "dislike", disliked)
    app.session_state["search-view"] = "likes"
    app.run()
    assert not app.exception and not app.error, words(app)
    shown = on_wall(app)
    assert "Liked: **1** · disliked: **1**" in words(app) and not {liked, disliked} & set(shown) and len(shown) >= 5
    assert "Shared by the 1 you like" in words(app)
    profile = {"schema": "vtviz.taste/1", "likes": [], "dislikes": []}
    other = next(path for path in shown if path not in ("copy.png", "hills/0.png"))
    near = open_store(index_jobs().address(entry.id)).get([other])[0].entry
    profile["likes"] = [{"photo": "elsewhere.png", "sha256": near.sha256}]
    app.get("file_uploader")[-1].upload("taste.json", json.dumps(profile).encode(), "application/json").run()
    assert "Liked: **2**" in words(app)
    store = open_store(index_jobs().address(entry.id))
    store.vectors.remove([other])  # as an update does where the file is gone
    store.wrote()
    app.run()
    assert not app.exception and not app.error and "Liked: **1**" in words(app)
    assert "no longer in this folder: 1" in words(app)


def judge(app: AppTest, side: Side, photo: str) -> None:
    button = next(b for b in app.button if str(b.key).startswith(f"{side}-") and str(b.key).endswith(f"-{photo}"))
    button.click().run()


def test_sentences_are_ranked_for_a_photo() -> None:
    app = visit(view="sentences")
    assert not app.exception and not app.error, words(app)
    rows = [button.label for button in app.button if str(button.key).startswith("sentence-")]
    assert len(rows) == 10
    app.text_area(key="search-sentences").set_value("a dog\na *cat*").run()
    rows = [button.label for button in app.button if str(button.key).startswith("sentence-")]
    assert len(rows) == 2 and any("a \\*cat\\*" in row for row in rows)


def test_folders_say_what_could_not_be_read(photos: Path) -> None:
    entry = indexed(photos)
    app = visit(view="folders")
    assert not app.exception and not app.error, words(app)
    assert "**9** photos" in words(app) and "9 added" in words(app)
    table = app.dataframe[0].value
    assert list(table["File"]) == ["broken.jpg"] and table["Reason"][0]
    save_photo(photos / "new.png", 99)
    app.button(key="search-update").click().run()
    finished(entry.id)
    app.run()
    assert "1 added" in words(app) and "9 unchanged" in words(app)


def test_uploads_become_a_folder(server: Path) -> None:
    data = save_photo(server / "a.png", 3).read_bytes()
    app = visit(view="folders")
    upload = app.get("file_uploader")[0]
    upload.upload("a.png", data, "image/png")
    upload.upload("a.png", save_photo(server / "b.png", 4).read_bytes(), "image/png").run()
    next(button for button in app.button if button.label == "Index the photos").click().run()
    assert not app.exception and not app.error, words(app)
    entry = finished(index_jobs().history.all()[0].id)
    assert entry.name == "a and 1 more"
    assert {file.name for file in entry.manifest.iterdir()} == {"a.png", "a (2).png"}
    index_jobs().remove(entry)
    assert not entry.manifest.exists() and not index_jobs().history.folder_of(entry.id).exists()


def test_a_chinese_query_with_an_english_model_offers_the_way_out(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtviz.ui.show.model_notes.model_info", lambda name: model_info("open_clip:ViT-B-32/openai"))
    indexed(photos)
    app = visit(text=TEXT)
    app.text_input(key="search-text").set_value("草地上的狗").run()
    assert any("does not read the language" in warning.value for warning in app.warning), words(app)
    app.button(key="search-other-model").click().run()
    assert app.session_state["search-view"] == "folders" and app.session_state["search-model"] == "vtviz-base"


def test_the_page_speaks_chinese(photos: Path) -> None:
    indexed(photos)
    app = visit(text=TEXT)
    app.selectbox(key="lang").select("zh").run()
    assert not app.exception and "已搜索 9 张照片" in words(app)


def test_progress_says_the_pace_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "say", lambda key, **values: f"{key} {values}")
    text = folders.progress_text(Progress("index", 10, 40, 2, 15.0))
    assert "'pace': '2.0'" in text and "'left': '00:00:15'" in text and "'failed': 2" in text
    assert folders.progress_text(None).startswith("search.state.waiting")


def test_a_damaged_store_gets_one_sentence(photos: Path) -> None:
    entry = indexed(photos)
    address = Path(index_jobs().address(entry.id))
    close_store(str(address))
    (address / "store.json").write_text("{")
    app = visit(text=TEXT)
    assert not app.exception and "cannot be read" in app.error[0].value and find.FOUND
