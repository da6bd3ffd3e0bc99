"""Takes the pictures of the pages in the README: ``python -m docs.screenshots``.

``python -m docs.screenshots --review FOLDER`` takes every page in both themes and languages and on a narrow screen
instead, to look them over. ``--report report.html`` takes the one of an audit's report.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tools.chromium import launched, served
from vtviz.interventions.changes import Change, Hide
from vtviz.ui.what_if.trials import Bench, written

PICTURES = Path(__file__).parent / "pictures"
EYE: tuple[Change, ...] = (Hide(((0.25, 0.25, 0.55, 0.55),)),)
WELCOME = Path(__file__).parent.parent / "assets" / "welcome.jpg"
TRIED = written(Bench(EYE, tried=[EYE]))
SHOWN = {  # page: its address, what it waits for, width and height of its picture
    "explore": ("?photo=chelsea&text=A+brown+cat+with+green+eyes", "#canvas", 1440, 860),
    "compare": (
        "compare?a.photo=chelsea&a.text=A+brown+cat+with+green+eyes&b.photo=chelsea&b.text=A+brown+dog+with+green+eyes",
        "#sides canvas",
        1440,
        900,
    ),
    "what_if": (f"what_if?photo=chelsea&text=A+brown+cat+with+green+eyes&tried={TRIED}", "#now .marks", 1440, 900),
    "stories": ("stories?", ".st-key-story-buttons button", 1440, 900),
    "describe": ("describe?photo=dog&task=answer&question=Where+is+the+dog%3F", "#canvas", 1440, 860),
}
QUIET_MS = 2500  # until charts are drawn and nothing moves


def opened(
    browser: Browser, address: str, wait_for: str, width: int, height: int, theme: Literal["light", "dark"] = "light"
) -> Page:
    """A page once it has its result."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    page.goto(address)
    page.locator(wait_for).first.wait_for(timeout=120_000)
    page.wait_for_timeout(QUIET_MS)
    return page


def whole(page: Page, file: Path) -> None:
    """A picture of all of a page, which scrolls inside its main section."""
    height = page.locator("[data-testid=stMain]").evaluate("main => main.scrollHeight")
    width = page.viewport_size["width"] if page.viewport_size else 1400
    page.set_viewport_size({"width": width, "height": min(int(height) + 20, 6000)})
    page.wait_for_timeout(QUIET_MS // 2)
    page.screenshot(path=file)


def pictures(browser: Browser, server: str) -> None:
    for name, (path, wait_for, width, height) in SHOWN.items():
        page = opened(browser, f"{server}/{path}", wait_for, width, height)
        page.screenshot(path=PICTURES / f"{name}.png")
        page.close()


def welcome_picture(browser: Browser, server: str) -> None:
    """The photo of the first view with its heatmap, which a cold server shows at once."""
    page = opened(browser, f"{server}/?photo=chelsea&text=A+brown+cat+with+green+eyes", "#canvas", 1440, 900)
    page.locator(".zoom").evaluate("zoom => zoom.remove()")
    page.locator("#stage").screenshot(path=WELCOME, type="jpeg", quality=80)
    page.close()


def report_picture(browser: Browser, report: Path) -> None:
    """The top of the report of an audit."""
    page = browser.new_page(viewport={"width": 1100, "height": 1180})
    page.goto(report.resolve().as_uri())
    page.screenshot(path=PICTURES / "report.png")
    page.close()


def review(browser: Browser, server: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    looks = [*product(themes, ("en", "zh"), (1400,)), ("light", "en", 420), ("dark", "zh", 420)]
    for (name, (path, wait_for, _, height)), (theme, language, width) in product(SHOWN.items(), looks):
        page = opened(browser, f"{server}/{path}&lang={language}", wait_for, width, height, theme)
        whole(page, folder / f"{name}-{theme}-{language}-{width}.png")
        page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--review", type=Path, metavar="FOLDER", help="every page in every theme, language and width")
    parser.add_argument("--report", type=Path, metavar="FILE", help="report.html of an audit, to take its picture")
    chosen = parser.parse_args()
    if chosen.report:
        with launched() as browser:
            report_picture(browser, chosen.report)
        return
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "log") as server, launched() as browser:
        if chosen.review:
            review(browser, server.address, chosen.review)
        else:
            welcome_picture(browser, server.address)
            pictures(browser, server.address)


if __name__ == "__main__":
    main()
