"""Compare, links and accessibility in a real browser."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Wire

LINK = "compare?a.photo=camera&a.text=A+man+with+a+camera&b.photo=camera&b.text=A+dog+with+a+camera&pair=2&lang=zh"
PAINTED = """canvas => { const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
let sum = 0; for (let i = 0; i < data.length; i += 4) sum += (data[i] + 3 * data[i + 2]) * data[i + 3]; return sum; }"""
PAGES = {
    "explore": "#canvas",
    "compare": "#sides canvas",
    "describe": "#canvas",
    "audit": "[data-testid=stMultiSelect] span[title]",
    "monitor": "[data-testid=stMetric]",
}


def maps(page: Page) -> list[float]:
    return page.locator("#sides canvas").evaluate_all(f"all => all.map({PAINTED})")


def test_a_cold_link_compares_in_chinese_and_a_word_lights_up_both_sides(browser: Browser, cold_address: str) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    wire = Wire(page)
    page.goto(f"{cold_address}/{LINK}")
    page.locator("#figures summary").click(timeout=120_000)
    page.locator("#rows td").first.wait_for()
    expect(page.locator("#rows tr.lit")).to_contain_text("man")
    expect(page.locator("#status")).to_contain_text("秩相关")
    expect(page.get_by_role("link", name="比较")).to_be_visible()
    frames, _ = wire.settle()
    before = maps(page)
    page.locator(".words button", has_text="camera").last.hover()
    expect(page.locator(".words button.lit")).to_have_text(["camera", "camera"])
    assert all(now != old for now, old in zip(maps(page), before, strict=True)) and len(before) == 3
    assert wire.settle()[0] == frames and not complaints
    page.close()


def test_another_word_moves_side_b_and_the_link_brings_it_back(browser: Browser, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/compare")
    page.locator("#figures summary").click(timeout=120_000)
    page.locator("#rows td").first.wait_for()
    page.get_by_role("button", name="horse", exact=True).click()
    page.locator(".words button", has_text="horse").wait_for(timeout=60_000)
    expect(page.locator("#rows")).to_have_count(1)
    page.locator("#rows button", has_text="green").click()
    expect(page.locator("#rows tr.lit")).to_contain_text("green")
    page.wait_for_url("**pair=5**", timeout=60_000)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    again = context.new_page()
    again.goto(link)
    again.locator("#figures summary").click(timeout=120_000)
    expect(again.locator("#rows tr.lit")).to_contain_text("green", timeout=60_000)
    expect(again.get_by_role("textbox", name="Text of side B")).to_have_value("A brown horse with green eyes")
    context.close()


@pytest.mark.parametrize(("theme", "language"), [("light", "zh"), ("dark", "en")])
def test_every_page_is_accessible_and_fits_a_narrow_screen(
    browser: Browser, address: str, theme: str, language: str
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 1200}, color_scheme=theme)
    for name, wait_for in PAGES.items():
        page.set_viewport_size({"width": 1400, "height": 1200})
        page.goto(f"{address}/{'' if name == 'explore' else name}?lang={language}")
        page.locator(wait_for).first.wait_for(timeout=120_000)
        page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=60_000)
        violations = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        assert not violations, json.dumps([[each["id"], each["nodes"][0]["html"]] for each in violations])
        page.set_viewport_size({"width": 420, "height": 900})
        wide = "() => document.querySelector('[data-testid=stMain]').scrollWidth <= 420"
        page.wait_for_function(wide, timeout=10_000)
    page.close()
