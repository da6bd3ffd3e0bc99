"""Explore on one screen: what is in the window, what moves, and what a person finds again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from vtviz.paths import ASSETS

PARTS = {"words": "#words", "photo": "#stage", "score": ".st-key-verdict", "heads": "#matrix", "strip": ".st-key-strip"}
SCROLLS = "m => [m.scrollHeight - m.clientHeight, m.scrollWidth - m.clientWidth]"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been here."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    yield context
    context.close()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The cat as a wide and a tall photo."""
    folder = tmp_path_factory.mktemp("photos")
    with Image.open(ASSETS / "samples" / "chelsea.jpg") as cat:
        cut = {"wide": cat.crop((0, 60, 451, 240)), "tall": cat.crop((120, 0, 320, 300))}
        for name, photo in cut.items():
            photo.save(folder / f"{name}.jpg")
    return {name: folder / f"{name}.jpg" for name in cut}


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.locator("#words button").nth(3).wait_for(timeout=120_000)
    settled(page)
    return page


def settled(page: Page) -> None:
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=60_000)
    page.wait_for_timeout(700)


def upload(page: Page, photo: Path) -> None:
    page.locator(".st-key-strip input[type=file]").set_input_files(photo)
    page.locator(".st-key-strip button", has_text=photo.name).first.wait_for(timeout=60_000)
    page.locator(".picks #words button").nth(2).wait_for(timeout=60_000)
    settled(page)


def write(page: Page, text: str) -> None:
    field = page.get_by_role("textbox", name="Text about the photo")
    field.fill(text)
    field.press("Enter")
    page.locator("#words button", has_text=text.split()[-1]).wait_for(timeout=60_000)
    page.locator("#matrix button").first.wait_for(timeout=60_000)
    settled(page)


def in_window(page: Page) -> dict[str, bool]:
    size = page.viewport_size
    assert size
    boxes = {name: page.locator(selector).first.bounding_box() for name, selector in PARTS.items()}
    return {
        name: box is not None
        and box["y"] >= 0
        and box["y"] + box["height"] <= size["height"]
        and box["x"] >= 0
        and box["x"] + box["width"] <= size["width"] + 1
        for name, box in boxes.items()
    }


@pytest.mark.parametrize("size", [(1280, 720), (1440, 900)])
def test_everything_is_in_the_window_and_nothing_scrolls(
    context: BrowserContext, address: str, photos: dict[str, Path], size: tuple[int, int]
) -> None:
    page = opened(context, address)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for photo in (None, *photos.values()):
        if photo is not None:
            upload(page, photo)
            write(page, f"A cat called {photo.stem}")
        page.wait_for_timeout(500)
        assert all(in_window(page).values()), (photo, in_window(page))
        assert max(page.locator("[data-testid=stMain]").evaluate(SCROLLS)) <= 0, photo
        stage = page.locator("#stage").bounding_box()
        assert stage and (stage["height"] >= 0.4 * size[1] or stage["width"] >= 0.5 * size[0])
    for tab in ("scores", "numbers", "method", "trust", "change"):
        page.locator(f"#tab-{tab}").click()
        page.wait_for_timeout(300)
        assert max(page.locator("[data-testid=stMain]").evaluate(SCROLLS)) <= 0, tab


def test_on_a_phone_photo_and_words_come_first_and_the_rest_is_a_sheet(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(700)
    shown = in_window(page)
    assert shown["words"] and shown["photo"]
    assert page.locator("[data-testid=stMain]").evaluate(SCROLLS)[1] <= 0
    for selector in ("#words button", "#tabs button:visible", ".segments button:visible"):
        boxes = [item.bounding_box() for item in page.locator(selector).all()]
        assert boxes and all(box and box["height"] >= 32 for box in boxes), selector
    page.locator("#tab-scores").click()
    page.wait_for_timeout(500)
    box = page.locator("#scores").bounding_box()
    assert box and box["y"] < 844 - 100


def test_a_pin_moves_nothing_and_dims_nothing(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    before = page.locator("#stage").bounding_box()
    page.evaluate(
        """() => { window.dimmed = 0;
        const look = () => {
          for (const part of document.querySelectorAll('[data-testid=stElementContainer]'))
            if (Number(getComputedStyle(part).opacity) < 1) window.dimmed += 1;
          requestAnimationFrame(look);
        };
        look(); }"""
    )
    for index in (2, 4):
        page.locator("#words button").nth(index).click()
        page.wait_for_timeout(1500)
    assert page.evaluate("window.dimmed") == 0
    assert page.locator("#stage").bounding_box() == before


def test_a_reload_finds_the_upload_by_its_name_and_the_history(
    context: BrowserContext, address: str, photos: dict[str, Path]
) -> None:
    page = opened(context, address)
    upload(page, photos["tall"])
    write(page, "A cat is here")
    page.reload()
    page.locator("#matrix button").first.wait_for(timeout=60_000)
    settled(page)
    assert page.get_by_role("button", name="tall.jpg").count() == 1
    expect(page.get_by_role("textbox", name="Text about the photo")).to_have_value("A cat is here")
    expect(page.locator("#photo")).to_have_attribute("alt", "Photo: tall.jpg")
    page.locator(".st-key-actions button").first.click()
    expect(page.get_by_role("button", name="A cat is here")).to_be_visible()
    page.locator(".st-key-up-history button", has_text="A brown cat with green eyes").first.click()
    field = page.get_by_role("textbox", name="Text about the photo")
    expect(field).to_have_value("A brown cat with green eyes", timeout=60_000)
    page.locator("#words button", has_text="eyes").wait_for(timeout=60_000)


def test_a_new_photo_waits_for_words_and_offers_some(
    context: BrowserContext, address: str, photos: dict[str, Path]
) -> None:
    page = opened(context, address)
    upload(page, photos["wide"])
    field = page.get_by_role("textbox", name="Text about the photo")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    assert page.locator(".st-key-verdict").count() == 0
    name = page.locator(".picks #words button:visible", has_text="cat").first
    name.hover()
    assert "cat" in (page.locator("#canvas").get_attribute("aria-label") or "")
    name.click()
    expect(field).to_have_value("A cat", timeout=60_000)
    page.locator(".st-key-verdict").wait_for(timeout=60_000)


def test_a_photo_can_be_dropped_anywhere(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    page.evaluate(
        """async () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
        const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
        const files = new DataTransfer();
        files.items.add(new File([blob], 'dropped.png', { type: 'image/png' }));
        const target = document.querySelector('[data-testid=stMain]');
        for (const kind of ['dragover', 'drop'])
          target.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files }));
        }"""
    )
    page.locator(".st-key-strip button", has_text="dropped.png").first.wait_for(timeout=60_000)


def test_the_guided_minute_is_three_steps_and_is_remembered(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    text = page.locator("#guide-text")
    first = text.inner_text()
    page.locator("#words button").nth(2).hover()
    expect(text).not_to_have_text(first)
    second = text.inner_text()
    page.locator("#canvas").hover()
    expect(text).not_to_have_text(second)
    page.locator("#guide-act").click()
    expect(page.locator("#guide-act")).to_have_text("Choose a photo", timeout=60_000)
    page.locator("#guide-skip").click()
    page.reload()
    page.locator("#words button").nth(3).wait_for(timeout=60_000)
    assert page.locator("#guide").is_hidden()


def test_the_theme_is_changed_in_the_bar(context: BrowserContext, address: str) -> None:
    page = opened(context, address)
    colour = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    before = page.evaluate(colour)
    page.locator("#theme").click()
    page.wait_for_function(f"before => {colour} !== before", arg=before)
    expect(page.locator("[data-testid=stMainMenuPopover]")).to_have_count(0)
