"""Lenses of other models, by touch and on narrow screens: pages of their own, without a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput, group_pieces
from vtviz.render.lens.page import lens_page
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensLayer, LensView, Total
from vtviz.sentences import catalogue

RANDOM = np.random.default_rng(0)
TOKENS = group_pieces("a $& tower", ["a", "$", "&", "to", "wer"], [(0, 1), (2, 3), (3, 4), (5, 7), (7, 10)])
GRID, PATCHES, PIECES = (3, 7), 21, 5
PIXEL = """(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(
    Math.floor(canvas.width * x), Math.floor(canvas.height * y), 1, 1).data]"""


def softmax(*shape: int) -> np.ndarray:
    return RANDOM.dirichlet(np.full(shape[-1], 0.3), size=shape[:-1]).astype(np.float32)


def view(layers: tuple[LensLayer, ...] = ()) -> LensView:
    """A lens of 3 × 7 patches: each piece's map is positive in one patch (row 1), negative in the patch below."""
    maps = np.zeros((PIECES, *GRID), np.float32)
    for piece in range(PIECES):
        maps[piece, 0, piece], maps[piece, 1, piece] = 1, -1
    relevance = Relevance(np.array([0.5, -0.25, 0.0, 1.0, 1.0]), maps, maps.mean(axis=0), signed=True)
    photo = ImageInput(np.full((90, 210, 3), 128, np.uint8), "0" * 64)
    return LensView("view", photo, TOKENS, relevance, layers, total=Total("lens.total_match", 2.5, 0.25, 0.0))


def dual_encoder(layers: int = 3, heads: int = 4) -> tuple[LensLayer, ...]:
    image = [
        LensLayer(
            f"v{i}", "image", {"image_image": softmax(heads, PATCHES, PATCHES), "summary": softmax(heads, 1, PATCHES)}
        )
        for i in range(layers)
    ]
    text = [LensLayer(f"t{i}", "text", {"text_text": softmax(2, PIECES, PIECES)}) for i in range(layers)]
    return (*image, *text)


@contextmanager
def opened(
    browser: Browser, folder: Path, shown: LensView, settings: LensSettings, width: int = 1200
) -> Iterator[Page]:
    """The lens's page in a browser with a touch screen; its console must stay silent."""
    file = folder / "lens.html"
    file.write_bytes(lens_page(shown, "a tower", "A tower", settings))
    context = browser.new_context(has_touch=True, viewport={"width": width, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    page.locator("#words button").nth(3).wait_for()
    yield page
    context.close()
    assert not complaints


def test_signed_maps_diverge_on_a_grid_that_is_not_square(browser: Browser, tmp_path: Path) -> None:
    settings = LensSettings(words=(0,), smooth=False, opacity=100, against=True)
    with opened(browser, tmp_path, view(), settings) as page:
        canvas = page.locator("#canvas")
        above, below, beside = (canvas.evaluate(PIXEL, [0.5 / 7, y]) for y in (0.5 / 3, 1.5 / 3, 2.5 / 3))
        assert above[2] > above[0] and above[3] == 255  # blue above nothing
        assert below[0] > below[2] and below[3] == 255  # red below it
        assert beside[3] == 0
        assert page.locator("#low").inner_text() == "−1" and page.locator("#colours-row").is_hidden()
        page.locator("#against").click()  # what speaks against is one press away, and another hides it
        above, below = (canvas.evaluate(PIXEL, [0.5 / 7, y]) for y in (0.5 / 3, 1.5 / 3))
        assert above[3] == 255 and below[3] == 0 and page.locator("#low").inner_text() == "0"


def test_the_shared_scale_is_that_of_the_largest_value_of_all_maps(browser: Browser, tmp_path: Path) -> None:
    shown = view()
    maps = shown.relevance.maps.copy()
    maps[1] *= 2
    larger = replace(shown, relevance=replace(shown.relevance, maps=maps))
    settings = LensSettings(words=(0,), smooth=False, opacity=100, scale="shared")
    with opened(browser, tmp_path, larger, settings) as page:  # colours follow the square root
        assert page.locator("#canvas").evaluate(PIXEL, [0.5 / 7, 0.5 / 3])[3] == pytest.approx(255 * 0.5**0.5, abs=2)


def test_a_soft_map_tints_what_it_marks_and_darkens_the_rest(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, view(), LensSettings(words=(0,))) as page:
        canvas = page.locator("#canvas")
        marked, rest = (canvas.evaluate(PIXEL, [x / 7, 0.5 / 3]) for x in (0.5, 5.5))
        assert marked[0] > 150 and marked[1] > 150 and marked[3] > 80  # yellow
        assert rest[:3] == [0, 0, 0] and 60 < rest[3] < 110  # a little darker


def test_scores_of_words_and_pieces_and_their_sum(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, view(), LensSettings()) as page:
        assert page.locator("#tab-matrix").is_hidden() and page.locator("#show").is_hidden()
        assert page.locator("#scores .value").all_inner_texts() == ["0.5", "−0.25", "0", "2"]
        assert "Sum 2.25" in page.locator("#sum").inner_text() and "2.5" in page.locator("#sum").inner_text()
        expect(page.locator("#sum-note")).to_contain_text("complete")
        page.locator("#more summary").first.click()
        page.locator("#units-pieces").click()
        page.locator("#more summary").first.click()
        expect(page.locator("#scores .value")).to_have_text(["0.5", "−0.25", "0", "1", "1"])
        page.locator("#words button").nth(2).click()
        expect(page.locator("#status")).to_contain_text("“$”")
        page.locator("#words button").nth(3).click(modifiers=["Shift"])
        expect(page.locator("#status")).to_contain_text("“$ &”")


def test_a_dual_encoder_shows_where_patches_and_words_look(browser: Browser, tmp_path: Path) -> None:
    layers = dual_encoder()
    with opened(browser, tmp_path, view(layers), LensSettings(show="attention", layer=1, head=2)) as page:
        expect(page.locator("#status")).to_contain_text("Whole photo")
        page.locator("#canvas").focus()
        page.keyboard.press("ArrowUp")  # from the middle, row 2 column 4, to row 1
        expect(page.locator("#status")).to_contain_text("Patch in row 1, column 4")
        expected = layers[1].blocks["image_image"][2, 3].max()
        assert float(page.locator("#high").inner_text().rstrip("%")) == pytest.approx(100 * expected, rel=0.01)
        page.locator("#kind").select_option("text")
        expect(page.locator("#status")).to_contain_text(catalogue("en")["lens.text_only"])


def test_layers_by_heads_of_a_large_model_fit_a_narrow_screen(browser: Browser, tmp_path: Path) -> None:
    layers = tuple(LensLayer(f"x{i}", "text→image", {"text_image": softmax(16, PIECES, PATCHES)}) for i in range(24))
    with opened(browser, tmp_path, replace(view(layers), name="large"), LensSettings(), width=420) as page:
        assert page.locator("#matrix button").count() == 25 * 17
        assert page.evaluate("document.documentElement.scrollWidth") <= 420
        page.locator("#matrix button").nth(17 * 24 + 16).tap()
        expect(page.locator("#status")).to_contain_text("layer 24 · head 16")


def test_taps_pin_and_two_fingers_zoom(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, view(), LensSettings(), width=420) as page:
        page.locator("#words button").nth(1).tap()
        expect(page.locator("#words button").nth(1)).to_have_attribute("aria-pressed", "true")
        page.locator("#more summary").first.tap()
        page.locator("#several").tap()
        page.locator("#more summary").first.tap()
        page.locator("#words button").nth(4).tap()
        assert page.locator("#words button[aria-pressed=true]").count() == 2
        page.locator("#canvas").tap(position={"x": 20, "y": 20})
        expect(page.locator("#status")).to_contain_text("row 1, column 1")
        box = page.locator("#canvas").bounding_box()
        assert box
        middle, line = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        touch = page.context.new_cdp_session(page)
        for kind, gap in (("touchStart", 30), ("touchMove", 45), ("touchMove", 60), ("touchEnd", None)):
            points = (
                []
                if gap is None
                else [{"x": middle - gap, "y": line, "id": 0}, {"x": middle + gap, "y": line, "id": 1}]
            )
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        expect(page.locator("#zoom-level")).to_have_text("200%")
        expect(page.locator("#status")).to_contain_text("row 1, column 1")  # the fingers pinned nothing
