"""The Explore page in a real browser."""

from playwright.sync_api import Browser, Page, expect

from vtviz.paths import ASSETS


def test_an_own_photo_and_a_text_that_looks_like_html(page: Page) -> None:
    page.locator("input[type=file]").set_input_files(ASSETS / "samples" / "coffee.jpg")
    page.get_by_role("button", name="coffee.jpg").wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()  # a new photo clears the field
    field = page.get_by_role("textbox", name="Text about the photo")
    expect(field).to_have_value("")
    field.fill("a cup <img src=x onerror=alert(1)> of coffee")
    field.press("Enter")
    page.locator(".words button", has_text="onerror").wait_for()
    assert page.locator(".words img").count() == 0


def test_a_cold_link_to_the_page_works(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/explore")
    page.locator("#canvas").wait_for(timeout=90_000)
    page.close()
