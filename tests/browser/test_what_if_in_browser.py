"""What if and stories in a real browser: marking, changing, pinning, presenting, and all of it with the keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Wire

BUSY_MS = 60_000


@pytest.fixture(scope="module")
def shared(browser: Browser, address: str) -> Iterator[tuple[Page, Wire, list[str]]]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000}, accept_downloads=True)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    wire = Wire(page)
    page.goto(f"{address}/what_if?photo=chelsea&text=A+brown+cat+with+green+eyes")
    page.locator("#now .marks").wait_for(timeout=120_000)
    yield page, wire, complaints
    page.close()


@pytest.fixture
def page(shared: tuple[Page, Wire, list[str]]) -> Iterator[Page]:
    page, _, complaints = shared
    yield page
    assert not complaints


def done(page: Page) -> None:
    """Waits until a change has come back."""
    page.wait_for_timeout(300)
    page.locator("#what-if[aria-busy=false]").wait_for(timeout=BUSY_MS)


def score(page: Page, side: str = "now") -> str:
    return page.locator(f"#{side} .score-now").inner_text()


def chips(page: Page) -> list[str]:
    return page.locator(".chip").all_inner_texts()


def test_marking_needs_no_server_and_a_change_is_shown_beside_the_original(
    page: Page, shared: tuple[Page, Wire, list[str]]
) -> None:
    wire = shared[1]
    before = wire.settle()
    box = page.locator("#now .marks").bounding_box()
    assert box
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(x + 0.26 * width, y + 0.26 * height)
    page.mouse.down()
    page.mouse.move(x + 0.54 * width, y + 0.54 * height, steps=4)
    page.mouse.up()
    expect(page.locator("#count")).to_have_text("Marked patches: 36")
    page.locator("#words button").nth(2).hover()
    assert wire.settle() == before
    expect(page.locator("#cut")).to_be_disabled()
    original = score(page)
    page.locator("#hide").click()
    done(page)
    assert chips(page) == ["Part of the photo is hidden.×"] and score(page) != original
    assert score(page, "base") == original
    expect(page.locator("#promise")).to_contain_text("What happened")
    expect(page.locator("#trials li")).to_have_count(1)


def test_the_keyboard_alone_marks_changes_and_undoes(page: Page) -> None:
    page.locator("#clear").click()
    page.locator("#now .marks").focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#count")).to_have_text("Marked patches: 4")
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    expect(page.locator("#count")).to_have_text("Marked patches: 1")
    page.locator("#word").select_option(label="cat")
    page.locator("#push").focus()
    page.keyboard.press("Enter")
    done(page)
    assert any("cat" in chip and "50%" in chip for chip in chips(page))
    page.locator("#words button").nth(4).focus()
    page.keyboard.press("Enter")
    done(page)
    expect(page.locator("#words button").nth(4)).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#words button").nth(4)).to_be_focused()
    page.locator("#heads button[aria-label='text→image · layer 1 · head 2']").focus()
    page.keyboard.press("Enter")
    done(page)
    assert len(chips(page)) == 4
    page.get_by_role("button", name="Undo").click()
    done(page)
    assert len(chips(page)) == 3
    page.locator("#move").click()
    for key in ("ArrowLeft", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    done(page)
    assert "also appears elsewhere" in chips(page)[-1]
    page.get_by_role("button", name="Reset").click()
    done(page)
    assert chips(page) == [] and score(page) == score(page, "base")


def test_trials_come_back_are_compared_and_linked(page: Page, browser: Browser) -> None:
    trials = page.locator("#trials li")
    trials.last.locator(".open").click()
    done(page)
    assert len(chips(page)) == 1
    trials.first.get_by_role("button", name="Compare with this trial").click()
    done(page)
    assert score(page, "base") != score(page) or len(chips(page)) == 1
    expect(page.locator("#base .title")).to_contain_text("Compared with")
    shown, count = (score(page, "base"), score(page)), trials.count()
    page.wait_for_timeout(1000)
    other = browser.new_page(viewport={"width": 1400, "height": 1000})
    other.goto(page.url)
    other.locator("#now .marks").wait_for(timeout=120_000)
    expect(other.locator("#trials li")).to_have_count(count)
    assert (score(other, "base"), score(other)) == shown
    other.close()
    with page.expect_download() as download:
        page.get_by_role("button", name="interventions.json").click()
    assert b'"vtviz.interventions/1"' in Path(download.value.path()).read_bytes()


def test_a_moment_is_pinned_presented_and_exported(page: Page, browser: Browser, tmp_path: Path) -> None:
    page.get_by_role("button", name="Pin", exact=True).click()
    page.locator(".st-key-pin-note textarea").fill("Look <b>here</b>")
    page.locator(".st-key-pin-note textarea").blur()
    page.locator(".st-key-pin-it button").click()
    page.get_by_text("Pinned to “My story”").wait_for(timeout=BUSY_MS)
    page.locator(".st-key-pin-see button").click()
    page.locator(".st-key-present-it button").wait_for(timeout=BUSY_MS)
    serious(page)
    page.locator(".st-key-present-it button").click()
    story = page.frame_locator("#present iframe")
    expect(story.locator(".moment:visible > .note")).to_have_text("Look <b>here</b>", timeout=120_000)
    status = story.locator(".moment:visible #status")
    pinned = status.inner_text()
    story.locator(".moment:visible #words button").nth(1).hover()
    expect(status).not_to_have_text(pinned)
    page.keyboard.press("Escape")
    expect(page.locator("#present")).to_have_count(0, timeout=BUSY_MS)
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Export as one page").click()
    file = tmp_path / "story.html"
    download.value.save_as(file)
    requests: list[str] = []
    alone = browser.new_page()
    alone.on("request", lambda request: requests.append(request.url))
    alone.goto(file.as_uri())
    alone.locator(".moment:visible #words button").nth(1).hover()
    expect(alone.locator(".moment:visible #status")).to_contain_text(re.compile("A|brown|cat"))
    assert all(url == file.as_uri() or url.startswith(("blob:", "data:")) for url in requests)
    alone.close()


def test_a_box_and_similar_patches_in_the_lens(page: Page, address: str) -> None:
    page.goto(f"{address}/?photo=chelsea&text=A+brown+cat")
    page.locator("#matrix button").first.wait_for(timeout=120_000)
    if page.locator("#guide-skip").is_visible():
        page.locator("#guide-skip").click()
    box = page.locator("#canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    page.mouse.up()
    page.mouse.move(5, 5)
    expect(page.locator("#status")).to_contain_text("patches in the box attend most to")
    expect(page).to_have_url(re.compile(r"lens\.box="), timeout=BUSY_MS)
    page.locator("#canvas").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#status")).to_contain_text("the 2 patches in the box")
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    page.keyboard.down("l")
    expect(page.locator("#best")).to_be_visible(timeout=BUSY_MS)
    expect(page.locator("#status")).to_contain_text("cosine")
    page.keyboard.up("l")
    expect(page.locator("#best")).to_be_hidden()


def test_similar_patches_of_two_photos(page: Page, address: str) -> None:
    page.goto(f"{address}/compare?a.photo=chelsea&a.text=A+cat&b.photo=kitten&b.text=A+cat")
    canvas = page.locator("#sides canvas").first
    canvas.wait_for(timeout=120_000)
    canvas.hover()
    page.keyboard.down("l")
    expect(page.locator("#status")).to_contain_text("Most similar patch", timeout=BUSY_MS)
    page.keyboard.up("l")
    expect(page.locator("#status")).not_to_contain_text("Most similar patch")


def serious(page: Page) -> None:
    found = [item for item in Axe().run(page).response["violations"] if item["impact"] in ("serious", "critical")]
    assert not found, [(item["id"], item["nodes"][0]["html"]) for item in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, address: str, theme: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    page.goto(f"{address}/what_if")
    page.locator("#now .marks").wait_for(timeout=120_000)
    page.locator("#heads .head").first.click()
    done(page)
    serious(page)
    page.close()
