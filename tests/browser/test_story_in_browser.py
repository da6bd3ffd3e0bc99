"""An exported story, opened from disk."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.lens.test_lens_page_in_browser import dual_encoder, view
from vtviz.render.lens.about import About
from vtviz.render.lens.settings import LensSettings
from vtviz.stories.moment import Moment, Story
from vtviz.stories.page import Scene, story_page


@pytest.fixture
def story(tmp_path: Path) -> str:
    moments = tuple(
        Moment("0" * 64, "a tower", settings=LensSettings(words=(word,)), note=f"Note {word}") for word in (0, 1, 2)
    )
    shown = replace(view(dual_encoder(1)), method="method.occlusion")
    scenes = [Scene(shown, About(f"Match {n}", "model"), ("Hidden.",) * (n == 1)) for n in range(3)]
    (tmp_path / "story.html").write_bytes(story_page(Story("A story", "en", moments), scenes))
    return (tmp_path / "story.html").as_uri()


def test_a_story_is_told_with_the_keyboard_alone(browser: Browser, story: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    requests, complaints = list[str](), list[str]()
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(story)
    shown, note = page.locator(".moment:visible"), page.locator(".moment:visible > .note")
    expect(note).to_have_text("Note 0")
    expect(page.locator("#count")).to_have_text("1 of 3")
    status = shown.locator("#status")
    pinned = status.inner_text()
    shown.locator("#words button").nth(2).hover()
    expect(status).not_to_have_text(pinned)  # the lens answers
    page.mouse.move(2, 790)
    expect(status).to_have_text(pinned)
    page.keyboard.press("ArrowRight")
    expect(note).to_have_text("Note 1")
    expect(shown.locator(".about")).to_contain_text("Hidden.")
    shown.locator("#words button").nth(1).focus()
    page.keyboard.press("ArrowRight")  # inside the lens it moves the lens's own focus
    expect(page.locator("#count")).to_have_text("2 of 3")
    page.keyboard.press("PageDown")
    expect(page.locator("#count")).to_have_text("3 of 3")
    assert page.locator("#progress").get_attribute("aria-valuenow") == "3"
    page.keyboard.press("Escape")
    expect(page.locator("#list button")).to_have_count(3)
    expect(page.locator("#list button").nth(2)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(note).to_have_text("Note 1")
    serious = [item for item in Axe().run(page).response["violations"] if item["impact"] in ("serious", "critical")]
    assert not serious, [(item["id"], item["nodes"][0]["html"]) for item in serious]
    page.pdf(path=tmp_path / "story.pdf", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "story.pdf").read_bytes())) == 3
    page.close()
    assert not complaints and all(url == story or url.startswith("blob:") for url in requests)
