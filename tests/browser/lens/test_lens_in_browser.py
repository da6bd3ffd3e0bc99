"""The lens on the Explore page in a real browser: one page for all of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Wire
from vtviz.sentences import catalogue

PAINTED = """canvas => { const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
let sum = 0; for (let i = 0; i < data.length; i += 4) sum += data[i + 3] * (1 + i % 1009); return sum; }"""


@pytest.fixture(scope="module")
def shared(browser: Browser, address: str) -> Iterator[tuple[Page, Wire, list[str]]]:
    page = browser.new_page(viewport={"width": 1500, "height": 1500}, accept_downloads=True)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    wire = Wire(page)
    page.goto(address)
    page.locator("#words button").nth(5).wait_for(timeout=90_000)
    page.locator(".st-key-actions button").nth(2).wait_for()  # below the lens, so that all of it is there
    page.locator("#guide-skip").click()
    yield page, wire, complaints
    page.close()


@pytest.fixture
def page(shared: tuple[Page, Wire, list[str]]) -> Iterator[Page]:
    """The page with nothing pinned but the first word; its console must stay silent."""
    page, _, complaints = shared
    page.locator("#show-where").click()
    press(page, "#units-words")
    for text in ("whole text", "green"):
        word(page, text).click()
    if page.locator("#release").is_visible():
        page.locator("#release").click()
    page.mouse.move(5, 5)
    yield page
    assert not complaints


@pytest.fixture
def wire(shared: tuple[Page, Wire, list[str]]) -> Wire:
    return shared[1]


def press(page: Page, control: str) -> None:
    """Presses something in the menu of the view, which closes again."""
    page.locator("#more summary").first.click()
    page.locator(control).click()
    page.locator("#more summary").first.click()


def word(page: Page, text: str) -> Locator:
    return page.locator("#words button").filter(has_text=re.compile(f"^{text}$"))


def painted(page: Page) -> float:
    value: float = page.locator("#canvas").evaluate(PAINTED)
    return value


def pinned(page: Page) -> list[str]:
    return page.locator("#words button[aria-pressed=true]").all_inner_texts()


def test_hovering_and_layers_need_no_server(page: Page, wire: Wire) -> None:
    before = wire.settle()
    green = painted(page)
    word(page, "cat").hover()
    assert painted(page) != green and "cat" in page.locator("#status").inner_text()
    box = page.locator("#canvas").bounding_box()
    assert box
    for share in (0.2, 0.5, 0.8):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.42)
    assert "row 9, column 17" in page.locator("#status").inner_text()
    page.get_by_role("button", name="layer 2 · head 3").hover()
    assert "layer 2 · head 3" in page.locator("#status").inner_text() and painted(page) != green
    page.mouse.move(5, 5)
    assert painted(page) == green and "green" in page.locator("#status").inner_text()
    assert wire.settle() == before


def test_a_patch_shades_its_words_and_is_pinned_and_moved_and_released(page: Page) -> None:
    before = [b.get_attribute("style") for b in page.locator("#words button").all()]
    box = page.locator("#canvas").bounding_box()
    assert box
    page.locator("#canvas").click(position={"x": box["width"] * 0.52, "y": box["height"] * 0.325})
    assert [b.get_attribute("style") for b in page.locator("#words button").all()] != before
    status = page.locator("#status")
    expect(status).to_contain_text("row 7, column 11")
    page.locator("#canvas").press("ArrowRight")
    expect(status).to_contain_text("row 7, column 12")
    page.mouse.move(5, 5)
    page.locator("#release").click()
    expect(status).not_to_contain_text("column")


def test_a_phrase_by_mouse_modifiers_and_the_phrase_button(page: Page) -> None:
    single = painted(page)
    word(page, "eyes").click(modifiers=["Shift"])
    assert pinned(page) == ["green", "eyes"]
    page.mouse.move(5, 5)
    assert painted(page) != single and "green eyes" in page.locator("#status").inner_text()
    word(page, "brown").click(modifiers=["ControlOrMeta"])
    assert pinned(page) == ["brown", "green", "eyes"]
    start, end = word(page, "brown").bounding_box(), word(page, "with").bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 9, start["y"] + 9)
    page.mouse.down()
    page.mouse.move(end["x"] + 9, end["y"] + 9, steps=4)
    page.mouse.up()
    assert pinned(page) == ["brown", "cat", "with"]
    press(page, "#several")
    word(page, "cat").click()
    assert pinned(page) == ["brown", "with"]
    press(page, "#several")


def test_everything_by_keyboard_alone(page: Page) -> None:
    page.locator("#vtviz-skip").focus()
    page.keyboard.press("Enter")  # leads past the bar to the words
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#status")).to_contain_text("brown")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    assert pinned(page) == ["brown", "cat"]
    page.keyboard.press("End")
    page.keyboard.press("Control+Enter")
    assert pinned(page) == ["brown", "cat", "eyes"]
    page.keyboard.press("Escape")
    assert pinned(page) == ["whole text"]
    page.keyboard.press("a")
    expect(page.locator("#show-attention")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("[")
    expect(page.locator("#status")).to_contain_text("layer 2")
    for _ in range(4):  # three ways to look, then the photo
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#status")).to_contain_text("row 12, column 11")
    page.keyboard.press("Escape")
    page.keyboard.press("+")
    expect(page.locator("#zoom-level")).to_have_text("150%")
    page.keyboard.press("0")
    page.keyboard.press("s")
    page.keyboard.press("Tab")
    page.keyboard.press("PageUp")
    expect(page.locator("#split")).to_have_attribute("aria-valuenow", "60")
    page.keyboard.press("s")
    page.locator("#tab-matrix").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-scores")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.locator("#matrix button[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("layer 2 · head 1")


def test_a_small_map_is_clicked_and_layers_are_played(page: Page) -> None:
    page.get_by_role("button", name="layer 3 · head 5").click()
    page.mouse.move(5, 5)
    expect(page.locator("#show-attention")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#status")).to_contain_text("layer 3 · head 5")
    page.locator("#play").click()
    for layer in (1, 2, 3):
        expect(page.locator("#status")).to_contain_text(f"layer {layer} · head 5")
    page.locator("#play").click()
    expect(page.locator("#play")).to_have_attribute("aria-pressed", "false")
    stopped = page.locator("#status").inner_text()
    page.wait_for_timeout(1300)  # the next layer would come after a second
    assert page.locator("#status").inner_text() == stopped


def test_before_and_after_zoom_edges_colours_and_opacity(page: Page) -> None:
    canvas, smooth = page.locator("#canvas"), painted(page)
    press(page, "#edges")
    assert painted(page) != smooth
    press(page, "#edges")
    page.locator("#toggle-split").click()
    box, handle = canvas.bounding_box(), page.locator("#split").bounding_box()
    assert box and handle
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, handle["y"] + 100, steps=3)
    page.mouse.up()
    expect(page.locator("#split")).to_have_attribute("aria-valuenow", "25")
    assert "inset" in (canvas.get_attribute("style") or "")
    page.locator("#toggle-split").click()
    canvas.hover(position={"x": 100, "y": 100})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    expect(page.locator("#zoom-level")).not_to_have_text("100%")
    zoomed = canvas.bounding_box()
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 40, steps=3)
    page.mouse.up()
    moved = canvas.bounding_box()
    assert zoomed and moved and moved["x"] < zoomed["x"] and zoomed["width"] > 2 * box["width"]
    assert page.locator("#release").is_hidden()  # moving the photo pins nothing
    page.locator("#zoom-level").click()
    ramp = page.locator("#ramp").get_attribute("style")
    page.locator("#more summary").first.click()
    page.locator("#colours").select_option("inferno")
    assert page.locator("#ramp").get_attribute("style") != ramp
    page.locator("#colours").select_option("cividis")
    page.locator("#opacity").fill("20")
    assert painted(page) < smooth
    page.locator("#opacity").fill("80")
    page.locator("#more summary").first.click()


def test_scores_and_numbers(page: Page) -> None:
    page.locator("#show-attention").click()
    page.locator("#tab-scores").click()
    words = ["A", "brown", "cat", "with", "green", "eyes"]
    expect(page.locator("#scores .name")).to_have_text(words)
    values = dict(zip(words, page.locator("#scores .value").all_inner_texts(), strict=True))
    total = float((re.search(r"Sum ([\d.]+)", page.locator("#sum").inner_text()) or ["", "0"])[1])
    assert sum(map(float, values.values())) == pytest.approx(total, abs=0.01)
    page.locator("#sorted").click()
    expect(page.locator("#scores .value")).to_have_text(sorted(values.values(), key=float, reverse=True))
    page.locator("#sorted").click()
    page.locator("#tab-matrix").click()
    page.get_by_role("button", name="layer 1 · head 4").click()
    page.locator("#tab-numbers").click()
    expect(page.locator("#numbers td:nth-child(3)")).to_have_count(8)
    weights = [float(cell.rstrip("%")) for cell in page.locator("#numbers td:nth-child(3)").all_inner_texts()]
    gaps = [float(cell.replace("−", "-")) for cell in page.locator("#numbers td:nth-child(2)").all_inner_texts()]
    assert weights == sorted(weights, reverse=True)
    for weight, gap in zip(weights, gaps, strict=True):  # softmax: w = w_max · e^(score − best score)
        assert weight == pytest.approx(weights[0] * 2.718281828**gap, rel=0.01)
    page.locator("#tab-matrix").click()


def test_pictures_are_saved_without_the_server(page: Page, wire: Wire) -> None:
    frames, _ = wire.settle()
    page.locator("#more summary").first.click()
    with page.expect_download() as download:
        page.locator("#save-png").click()
    with Image.open(Path(download.value.path())) as picture:
        assert picture.format == "PNG" and min(picture.size) > 600
        assert len(set(picture.convert("RGB").resize((40, 40)).get_flattened_data())) > 100
    with page.expect_download():
        page.locator("#save-svg").click()
    assert wire.settle()[0] == frames
    for smooth in (True, False):
        with page.expect_download() as download:
            page.locator("#save-svg").click()
        svg = Path(download.value.path()).read_text(encoding="utf-8")
        assert svg.startswith("<svg") and "“green”" in svg and (svg.count("<rect x=") > 30) != smooth
        for told in ("A brown cat with green eyes", "Match ", "describes the photo", "When it misleads", "vtviz-base"):
            assert told in svg
        page.locator("#edges").click()
    page.locator("#more summary").first.click()


def test_the_joint_sequence_is_fetched_when_it_is_asked_for(page: Page) -> None:
    page.locator("#kind").select_option("image")
    expect(page.locator("#matrix button.away")).to_have_count(0)  # the summary of every layer is here
    page.locator("#canvas").press("ArrowDown")
    expect(page.locator("#matrix button.away")).to_have_count(0, timeout=20_000)
    page.locator("#kind").select_option("fused")
    expect(page.locator("#matrix button.away")).to_have_count(0)
    page.locator("#kind").select_option("text")
    expect(page.locator("#status")).to_contain_text(catalogue("en")["lens.text_only"])
    page.locator("#canvas").press("Escape")
    page.locator("#kind").select_option("text→image")


def test_the_page_of_its_own_opens_from_disk(page: Page, wire: Wire, browser: Browser, tmp_path: Path) -> None:
    word(page, "eyes").click()
    wire.settle()  # until the server knows what is pinned
    page.get_by_role("button", name="Save").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Interactive page").click()
    page.keyboard.press("Escape")
    download.value.save_as(tmp_path / "lens.html")
    for theme in ("light", "dark"):
        alone = browser.new_page(color_scheme=theme)  # type: ignore[arg-type]
        asked: list[str] = []
        complaints: list[str] = []
        alone.on("request", lambda request, asked=asked: asked.append(request.url))
        alone.on("console", lambda m, said=complaints: said.append(m.text) if m.type == "error" else None)
        alone.on("pageerror", lambda error, said=complaints: said.append(str(error)))
        alone.goto((tmp_path / "lens.html").as_uri())
        alone.locator("#words button").nth(5).wait_for()
        assert pinned(alone) == ["eyes"]
        made = alone.locator(".about").inner_text()
        assert "describes the photo" in made and "vtviz-base" in made and "photo=" in made
        eyes = painted(alone)
        word(alone, "cat").hover()
        assert painted(alone) != eyes
        alone.locator("#kind").select_option("image")
        assert alone.locator("#matrix button.away").count() == 0
        assert not complaints and all(url.startswith(("file:", "data:", "blob:")) for url in asked)
        alone.close()


def test_other_language_and_theme_keep_what_is_pinned(page: Page) -> None:
    word(page, "eyes").click(modifiers=["Shift"])
    page.emulate_media(color_scheme="dark")
    page.locator(".st-key-frame-bar [data-testid=stSelectbox]").click()
    page.get_by_text("中文", exact=True).last.click()
    expect(page.locator("#tab-matrix")).to_have_text("注意力头", timeout=20_000)
    assert pinned(page) == ["眼睛"]  # the sample's sentence is there in Chinese, too
    page.locator(".st-key-frame-bar [data-testid=stSelectbox]").click()
    page.get_by_text("English", exact=True).last.click()
    expect(page.locator("#tab-matrix")).to_have_text("Heads", timeout=20_000)
    page.emulate_media(color_scheme="light")
