"""Hostile texts, names, links and files in a real browser: no script runs, no style applies, no request leaves."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.lens.test_lens_page_in_browser import dual_encoder, view
from tests.reliability.injections.corpus import ALL, HIT, MARK, MARKDOWN, MARKUP, NAMES, SVG, TEXTS
from tools.chromium import served
from vtviz.audit.background import AuditJobs
from vtviz.audit.settings import Settings
from vtviz.engine.cache import Kept
from vtviz.engine.local import Bench
from vtviz.evaluation.report.html import to_html
from vtviz.evaluation.runs.background import EvaluationJobs
from vtviz.evaluation.runs.evaluation import read_evaluation
from vtviz.evaluation.runs.settings import Settings as Scoring
from vtviz.files import DATA
from vtviz.inputs import check_text
from vtviz.jobs.history import History
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import ASSETS
from vtviz.render.lens.about import About
from vtviz.render.lens.page import lens_page
from vtviz.stories.moment import Moment, Story
from vtviz.stories.page import Scene, story_page
from vtviz.watch import Watch

LONGEST = 1900  # characters of a text
PHOTO = (ASSETS / "samples" / "coffee.jpg").read_bytes()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, tiny: VtvizBase) -> Path:
    """A data folder with an audit and an evaluation whose every text, name and group is hostile."""
    folder = tmp_path_factory.mktemp("data")
    bench = Bench("tiny", tiny.device, Kept(8), Kept(1))

    def door(request: Any, watch: Watch) -> Any:
        return request.answer(tiny, bench, watch)

    rows = []
    for number, text in enumerate(TEXTS):
        name = f"{number}{NAMES[number % len(NAMES)].removesuffix('.jpg')}.png"
        pixels = np.random.default_rng(number).integers(0, 255, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
        rows.append({"image": name, "text": f"a dog {text}", "label": number % 2, "group": text, text[:60]: text})
    rows.append({"image": f"none{NAMES[0]}", "text": "a dog", "label": 1, "group": "missing"})
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    audits, evaluations = AuditJobs(History(folder), door), EvaluationJobs(folder, door)
    settings = Settings(("tiny",), ("raw_attention",), metrics=("coverage",), probes=0)
    audits.start(ALL, folder / "rows.jsonl", settings)
    evaluations.start(ALL, folder / "rows.jsonl", Scoring("tiny"))
    for jobs in (audits, evaluations):
        jobs._worker.shutdown(wait=True)
        (entry,) = jobs.history.all()
        assert entry.state == "done", entry.error
    return folder


@pytest.fixture(scope="module")
def server(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DATA, str(data))
        with served(tmp_path_factory.mktemp("server") / "log") as running:
            yield running.address


@contextmanager
def watched(browser: Browser, home: str) -> Iterator[Page]:
    """A page of its own; afterwards nothing hostile has run in any of its frames, and nothing was asked of others."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page, away = context.new_page(), list[str]()
    own = (home, home.replace("http", "ws"), "data:", "blob:", "about:")
    context.on("request", lambda request: None if request.url.startswith(own) else away.append(request.url))
    page.on("dialog", lambda dialog: (away.append(dialog.message), dialog.dismiss()))
    page.on("popup", lambda popup: away.append(popup.url))
    yield page
    untouched(page)
    hrefs = page.evaluate("[...document.querySelectorAll('a[href]')].map((link) => link.href)")
    assert [href for href in hrefs if not href.startswith((home, "blob:"))] == []
    assert not away
    context.close()


def untouched(page: Page) -> None:
    """Nothing of the corpus has run or applied in any frame of a page."""
    page.wait_for_timeout(300)  # what a picture that does not load would run
    for frame in page.frames:
        assert frame.evaluate("window.hit ?? null") is None, frame.url
        assert frame.evaluate(f"getComputedStyle(document.body).getPropertyValue('{MARK}')") == "", frame.url


def test_what_the_tests_look_for_is_noticed(browser: Browser, tmp_path: Path) -> None:
    staying = "".join(text for text in MARKUP if "refresh" not in text)
    (tmp_path / "evil.html").write_text(f"<body>{staying}", encoding="utf-8")
    page = browser.new_page()
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "evil.html").as_uri(), wait_until="commit")
    page.wait_for_function("window.hit === 1")
    assert page.evaluate(f"getComputedStyle(document.body).getPropertyValue('{MARK}')") == "1"
    assert any("leak.invalid" in url for url in asked) and HIT in page.content()
    page.close()


@pytest.mark.parametrize("texts", [MARKUP, (*MARKDOWN, *TEXTS[len(MARKUP) + len(MARKDOWN) :])])
def test_the_text_of_a_link_stays_text(browser: Browser, server: str, texts: tuple[str, ...]) -> None:
    text = " a dog ".join(texts)[:LONGEST]
    with watched(browser, server) as page:
        page.goto(f"{server}/?{urlencode({'photo': 'coffee', 'text': text, f'lens.{MARKUP[1]}': '1', 'head': text})}")
        page.locator("#canvas").wait_for(timeout=90_000)
        expect(page.get_by_role("textbox", name="Text about the photo")).to_have_value(check_text(text))
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)


def test_the_other_parameters_of_a_link_stay_text(browser: Browser, server: str) -> None:
    asked = {name: ALL[:LONGEST] for name in ("question", "photo", "model", "target", "method", "run", "lang", "part")}
    with watched(browser, server) as page:
        page.goto(f"{server}/describe?{urlencode({**asked, 'task': 'answer'})}")
        page.locator("#canvas").wait_for(timeout=90_000)
        untouched(page)
        page.goto(f"{server}/learn?{urlencode(asked)}")
        page.get_by_role("heading", name="Learn").first.wait_for(timeout=60_000)


def test_the_names_of_files_stay_text_and_an_svg_is_no_photo(browser: Browser, server: str) -> None:
    with watched(browser, server) as page:
        page.goto(server)
        page.locator("#canvas").wait_for(timeout=90_000)
        chooser = page.locator("input[type=file]")
        for name, mime, content, shown in (
            (NAMES[0], "image/jpeg", PHOTO, "onerror"),
            (NAMES[1], "image/jpeg", b"no photo", "__class__"),
            (f"{NAMES[0][:-4]}.png", "image/png", SVG, "onerror"),
        ):
            chooser.first.set_input_files({"name": name, "mimeType": mime, "buffer": content})
            if content is PHOTO:
                tile = page.locator("[class*=st-key-sample-] button").first
                expect(tile).to_contain_text(shown, timeout=60_000)
                tile.hover()  # which shows the name once more
            else:
                expect(page.locator("[data-testid=stAlert]").first).to_contain_text(shown, timeout=60_000)
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)


def test_audits_and_evaluations_stay_text(browser: Browser, server: str) -> None:
    with watched(browser, server) as page:
        page.goto(f"{server}/audit")
        page.get_by_text("Read the full report here").click(timeout=90_000)
        page.frame_locator("iframe").get_by_text("How trustworthy").first.wait_for(timeout=60_000)
        untouched(page)
        page.goto(f"{server}/evaluate")
        page.locator("[class*=st-key-evaluate-mistakes]").first.wait_for(timeout=90_000)
        untouched(page)
        page.get_by_role("tab").nth(1).click()
        page.locator("[data-testid=stDataFrame]").first.wait_for(timeout=60_000)
        untouched(page)
        page.goto(f"{server}/monitor")
        page.get_by_role("heading", name="Monitor").first.wait_for(timeout=60_000)


def test_exported_pages_stay_text(browser: Browser, data: Path, tmp_path: Path) -> None:
    about = About(ALL, ALL, ALL)
    shown = replace(view(dual_encoder(1)), method="method.occlusion")
    moments = (Moment("0" * 64, ALL, note=ALL), Moment("0" * 64, "a tower", note=ALL))
    scenes = [Scene(shown, about, (ALL,)), Scene(shown, about)]
    audit = History(data).folder_of(1) / "report.html"
    evaluation = read_evaluation(History(data, "evaluations").folder_of(1))
    pages = {
        "lens": lens_page(shown, ALL, ALL, about=about),
        "story": story_page(Story(ALL, "en", moments), scenes),
        "audit": audit.read_bytes(),
        "evaluation": to_html(evaluation, 0.5).encode(),
    }
    for name, content in pages.items():
        assert b"leak.invalid" in content
        (tmp_path / f"{name}.html").write_bytes(content)
        with watched(browser, tmp_path.as_uri()) as page:
            page.goto((tmp_path / f"{name}.html").as_uri())
            page.locator("#canvas, h1").first.wait_for(state="attached")
