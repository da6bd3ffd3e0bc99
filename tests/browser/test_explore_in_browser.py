"""The Explore page in a real browser."""

from pathlib import Path

from playwright.sync_api import Browser, Page

from vtviz.paths import ASSETS

SHADED = """canvas => { const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
let sum = 0; for (let i = 0; i < data.length; i += 4) sum += data[i] * data[i + 3]; return sum; }"""


def test_hovering_a_word_changes_the_map_without_the_server(page: Page) -> None:
    page.get_by_text("Attention entropy of every head").wait_for()
    page.wait_for_timeout(1500)  # until the charts are drawn and nothing is on the wire
    sent: list[object] = []
    page.on("websocket", lambda socket: sent.append(socket))
    page.on("request", lambda request: sent.append(request.url))
    page.locator(".words button", has_text="cat").hover()
    cat = page.locator("#canvas").evaluate(SHADED)
    page.locator(".words button", has_text="green").hover()
    assert page.locator("#canvas").evaluate(SHADED) != cat
    assert "green" in page.locator("#status").inner_text() and not sent


def test_a_patch_tells_its_words_and_is_released(page: Page) -> None:
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    page.locator("#canvas").click(position={"x": box["width"] * 0.52, "y": box["height"] * 0.325})
    status = page.locator("#status").inner_text()
    assert "row 7, column 11" in status and ":" in status
    page.locator("#canvas").press("ArrowRight")
    assert "row 7, column 12" in page.locator("#status").inner_text()
    page.locator("#release").click()
    assert "column" not in page.locator("#status").inner_text()


def test_a_pinned_word_names_the_picture_to_download(page: Page) -> None:
    page.locator(".words button", has_text="eyes").click()
    button = page.get_by_role("button", name="Picture of “eyes”")
    button.wait_for()
    with page.expect_download() as download:
        button.click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_an_own_photo_and_a_text_that_looks_like_html(page: Page) -> None:
    page.locator("input[type=file]").set_input_files(ASSETS / "samples" / "coffee.jpg")
    page.get_by_text("coffee.jpg").wait_for()
    field = page.get_by_role("textbox", name="Text about the photo")
    field.fill("a cup <img src=x onerror=alert(1)> of coffee")
    field.press("Enter")
    page.locator(".words button", has_text="onerror").wait_for()
    assert page.locator(".words img").count() == 0


def test_a_cold_link_to_the_page_works(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/explore")
    page.locator("#canvas").wait_for(timeout=90_000)
    page.close()
