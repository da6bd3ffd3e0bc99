"""The page of captions and answers in a real browser."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Wire


def open_describe(page: Page) -> None:
    page.get_by_role("link", name="Describe and ask").click()
    page.locator("#canvas").wait_for(timeout=60_000)


def test_a_caption_is_chosen_and_its_words_are_in_the_lens(page: Page) -> None:
    open_describe(page)
    page.get_by_role("radio", name="Describe the photo").click()
    page.locator("[data-testid=stRadio]").wait_for(timeout=60_000)
    captions = page.locator("[data-testid=stRadio] label p").all_inner_texts()
    second = captions[-1]
    page.locator("[data-testid=stRadio]").get_by_text(second, exact=True).click()
    last_word = second.split(" · ")[0].rstrip(" .").split()[-1]
    expect(page.locator(".words button").filter(has_text=last_word).first).to_be_visible()


def test_a_question_is_answered_with_candidates_and_a_lens(page: Page) -> None:
    open_describe(page)
    page.get_by_role("textbox", name="Question about the photo").fill("What is the man doing?")
    page.get_by_role("textbox", name="Question about the photo").press("Enter")
    expect(page.locator(".words button", has_text="doing")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stMetricValue")).not_to_be_empty()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()


def test_the_first_click_on_a_cold_link_counts(browser: Browser, cold_address: str) -> None:
    page = browser.new_page()
    wire = Wire(page)
    page.goto(f"{cold_address}/describe")
    page.locator("#canvas").wait_for(timeout=90_000)
    wire.settle()
    page.get_by_role("radio", name="Describe the photo").click()
    expect(page.locator("[data-testid=stRadio]")).to_be_visible(timeout=60_000)
    page.close()
