"""Search and Policy in a real browser, on the packaged photos and the shipped model."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tools.chromium import served
from vtviz.files import DATA

SLOW = 300_000  # milliseconds, for a cold server on a busy machine
BUSY = 60_000


@pytest.fixture
def page(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setenv(DATA, str(tmp_path))
    with served(tmp_path / "log") as server:
        page = browser.new_page(viewport={"width": 1300, "height": 1000}, base_url=server.address)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        page.close()
        assert not complaints


def settled(page: Page) -> None:
    """Waits until the server is done."""
    page.wait_for_timeout(500)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=BUSY)


def test_the_sample_photos_are_found_liked_and_opened_and_a_policy_blocks(page: Page, tmp_path: Path) -> None:
    page.goto("/search")
    cards = page.locator("[class*=st-key-card-]")
    expect(cards).to_have_count(12, timeout=SLOW)  # they were indexed by themselves
    expect(cards.first).to_contain_text("dog.jpg", timeout=BUSY)
    why = page.locator(".st-key-why")
    expect(why).to_contain_text("The text describes the photo", timeout=BUSY)
    whole = why.locator("img").get_attribute("src")
    why.get_by_text("grass", exact=True).click()
    expect(why.locator("img")).not_to_have_attribute("src", whole or "", timeout=BUSY)

    text = page.get_by_role("textbox", name="What the photos show")
    text.fill("A cat")
    text.press("Enter")
    expect(cards.first).to_contain_text(re.compile("chelsea|kitten"), timeout=BUSY)
    settled(page)
    expect(cards.first).to_contain_text(re.compile("chelsea|kitten"))
    cards.first.locator("[class*=st-key-like-end-] button").first.click()
    settled(page)
    page.get_by_role("radio", name="Likes").or_(page.get_by_role("button", name="Likes")).first.click()
    expect(page.get_by_text("Liked: 1")).to_be_visible(timeout=BUSY)
    expect(cards).to_have_count(11, timeout=BUSY)
    expect(why).to_contain_text("cat", timeout=BUSY)  # what the liked photos share

    page.get_by_test_id("stTopNavSection").filter(has_text="Tasks").click()
    page.get_by_role("menuitem", name="Policy").click()
    alert = page.get_by_role("alert")
    expect(alert.first).to_contain_text("pets as food", timeout=BUSY)
    expect(page.locator(".st-key-evidence")).to_contain_text("a cat", timeout=BUSY)
    page.locator(".st-key-sample-coffee button").first.click()
    expect(page.get_by_text("No rule fired").first).to_be_visible(timeout=BUSY)
    decisions = (tmp_path / "policy-log.jsonl").read_text().splitlines()
    assert len(decisions) == 2 and "dinner" not in decisions[0]

    settled(page)
    page.get_by_test_id("stTopNavSection").filter(has_text="Tasks").click()
    page.get_by_role("menuitem", name="Search").click()
    page.get_by_role("radio", name="Find photos").or_(page.get_by_role("button", name="Find photos")).first.click()
    page.get_by_role("button", name="Open in Explore").click(timeout=BUSY)
    expect(page.get_by_role("textbox", name="Text about the photo")).to_have_value("A cat", timeout=SLOW)
