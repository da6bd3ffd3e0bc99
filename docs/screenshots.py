"""Takes the pictures of the pages in the guides, in each language: ``python -m docs.screenshots``.

They are of a data folder of their own, in which it first makes what the pages show: an evaluation, an audit and a
training, some ten minutes on two cores. ``--only NAME`` takes those of one page, and makes what that one needs.
``--review FOLDER`` takes every page in both themes and languages and on a narrow screen instead, to look them over.
``--report report.html`` takes the one of an audit's report, and ``--moving`` the moving one at the top of the README.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from string import Template
from typing import Literal
from urllib.parse import quote_plus

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, TimeoutError

from tools.chromium import launched, served
from vtviz.files import DATA
from vtviz.interventions.changes import Change, Hide
from vtviz.ui.what_if.trials import Bench, written

PICTURES = Path(__file__).parent / "pictures"
EYE: tuple[Change, ...] = (Hide(((0.25, 0.25, 0.55, 0.55),)),)
WELCOME = Path(__file__).parent.parent / "assets" / "welcome.jpg"
TRIED = written(Bench(EYE, tried=[EYE]))
TEXTS = {  # what stands for $cat, $dog and $question in addresses
    "en": {"cat": "A brown cat with green eyes", "dog": "A brown dog with green eyes", "question": "Where is the dog?"},
    "zh": {"cat": "一只绿眼睛的棕色猫", "dog": "一只绿眼睛的棕色狗", "question": "狗在哪里？"},
}
SHOWN = {  # page: its address, what it waits for, width and height of its picture
    "explore": ("?photo=chelsea&text=$cat", "#canvas", 1440, 860),
    "compare": (
        "compare?a.photo=chelsea&a.text=$cat&b.photo=chelsea&b.text=$dog",
        "#sides canvas",
        1440,
        900,
    ),
    "what_if": (f"what_if?photo=chelsea&text=$cat&tried={TRIED}", "#now .marks", 1440, 900),
    "stories": ("stories?", ".st-key-story-buttons button", 1440, 900),
    "describe": ("describe?photo=dog&task=answer&question=$question", "#canvas", 1440, 860),
    "search": ("search?", ".st-key-why img", 1440, 900),
    "policy": ("policy?", ".st-key-evidence img", 1440, 900),
    "learn": ("learn?part=bench", "#step-weights", 1440, 900),
    "training": ("train?", ".st-key-train-use", 1440, 1000),
    "evaluation": ("evaluate?", ".js-plotly-plot", 1440, 1000),
    "audit": ("audit?", ".st-key-audit-read", 1440, 1000),
    "monitor": ("monitor?", ".js-plotly-plot", 1440, 900),
}
STARTED = {  # pages that show work which somebody has to start: the button
    "training": "Start the training",
    "evaluation": "Start the evaluation",
    "audit": "Start the audit",
}
LONGEST = 3600  # seconds that such work may take
MOVING = PICTURES / "moving.webp"
WIDTH, HEIGHT, SCALE = 1280, 760, 0.75  # pixels of its pages, and the share that is kept of them
UNDER = (0.5, 0.95)  # where the pointer covers no word
MARKED = """([x, y, said]) => {
    const put = (id, style) => {
        let item = document.getElementById(id);
        if (!item) { item = document.createElement("div"); item.id = id; document.body.append(item); }
        item.style = `position:fixed;pointer-events:none;z-index:9999999;${style}`;
        return item;
    };
    put("seen-pointer", `left:${x - 11}px;top:${y - 11}px;width:18px;height:18px;border:2px solid #fff;
        border-radius:50%;background:rgba(31,95,191,.75);box-shadow:0 1px 5px rgba(0,0,0,.5)`);
    put("seen-caption", `left:50%;bottom:22px;transform:translateX(-50%);padding:9px 20px;border-radius:8px;
        background:rgba(20,21,26,.88);color:#fff;font:600 21px sans-serif;white-space:nowrap`).textContent = said;
}"""  # the pointer and a caption, which a screenshot does not have
QUIET_MS = 2500  # until charts are drawn and nothing moves
APP = "[data-testid=stApp]"


def opened(
    browser: Browser, address: str, wait_for: str, width: int, height: int, theme: Literal["light", "dark"] = "light"
) -> Page:
    """A page once it has its result."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    page.goto(address)
    page.locator(wait_for).first.wait_for(timeout=300_000)
    if page.locator(APP).count():
        page.locator(f"{APP}[data-test-script-state=notRunning]").wait_for(timeout=300_000)
    page.wait_for_timeout(QUIET_MS)
    return page


def whole(page: Page, file: Path) -> None:
    """A picture of all of a page, which scrolls inside its main section."""
    height = page.locator("[data-testid=stMain]").evaluate("main => main.scrollHeight")
    width = page.viewport_size["width"] if page.viewport_size else 1400
    page.set_viewport_size({"width": width, "height": min(int(height) + 20, 6000)})
    page.wait_for_timeout(QUIET_MS // 2)
    page.screenshot(path=file)


def address_of(name: str, language: str = "en") -> str:
    """The address of a page, with texts in a language."""
    texts = {key: quote_plus(text) for key, text in TEXTS[language].items()}
    return f"{Template(SHOWN[name][0]).substitute(texts)}&lang={language}"


def start_work(browser: Browser, server: str, name: str) -> None:
    """Starts what a page shows, and waits until it is done."""
    _, wait_for, width, height = SHOWN[name]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(f"{server}/{address_of(name)}")
    page.get_by_role("button", name=STARTED[name]).click(timeout=300_000)
    for _ in range(LONGEST // 30):
        try:
            page.locator(wait_for).first.wait_for(timeout=30_000)
        except TimeoutError:
            page.reload()
        else:
            page.close()
            return
    raise RuntimeError(f"The work of {name} is not done after {LONGEST} s.")


def pictures(browser: Browser, server: str, names: Sequence[str]) -> None:
    """Those of some pages, in each language; the Monitor page comes last, when there is something to see on it."""
    for language, name in product(TEXTS, names):
        _, wait_for, width, height = SHOWN[name]
        page = opened(browser, f"{server}/{address_of(name, language)}", wait_for, width, height)
        (PICTURES / language).mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / language / f"{name}.png")
        page.close()


def welcome_picture(browser: Browser, server: str) -> None:
    """The photo of the first view with its heatmap, which a cold server shows at once."""
    page = opened(browser, f"{server}/{address_of('explore')}", "#canvas", 1440, 900)
    page.locator(".zoom").evaluate("zoom => zoom.remove()")
    page.locator("#stage").screenshot(path=WELCOME, type="jpeg", quality=80)
    page.close()


class Film:
    """Frames of pages, each with how long it is seen."""

    def __init__(self) -> None:
        self.frames: list[Image.Image] = []
        self.durations: list[int] = []

    def take(
        self, page: Page, target: Locator, caption: str, milliseconds: int, at: tuple[float, float], click: bool = False
    ) -> None:
        """A frame with the pointer over a part of the page; ``at`` are fractions of the part's width and height."""
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
        page.mouse.move(x, y)
        if click:
            page.mouse.click(x, y)
        page.wait_for_timeout(600)
        page.evaluate(MARKED, [x, y, caption])
        frame = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        self.frames.append(frame.resize((int(WIDTH * SCALE), int(HEIGHT * SCALE)), Image.Resampling.LANCZOS))
        self.durations.append(milliseconds)

    def save(self, file: Path) -> None:
        first, *others = self.frames
        first.save(file, save_all=True, append_images=others, duration=self.durations, loop=0, quality=86, method=6)


def moving_picture(browser: Browser, server: str) -> None:
    """Words under the pointer, a part of the photo hidden, and one word exchanged."""
    film = Film()
    page = opened(browser, f"{server}/{address_of('explore')}", SHOWN["explore"][1], WIDTH, HEIGHT)
    words = page.locator("#words button")
    for index, name in ((3, "cat"), (6, "eyes")):
        film.take(page, words.nth(index), f"Point at a word: where is “{name}”?", 1700, UNDER)
    film.take(page, page.locator("#canvas"), "Point at a patch: which words attend to it?", 1800, (0.42, 0.4))
    film.take(page, page.locator("#show-moved"), "Another question: what moved the score?", 2000, UNDER, click=True)
    page.close()
    page = opened(browser, f"{server}/{address_of('what_if')}", SHOWN["what_if"][1], WIDTH, HEIGHT)
    film.take(page, page.locator("#now .score-now").first, "What if this part were hidden?", 2600, UNDER)
    page.close()
    page = opened(browser, f"{server}/{address_of('compare')}", SHOWN["compare"][1], WIDTH, HEIGHT)
    for name in ("dog", "eyes"):
        film.take(
            page, page.locator(".words button", has_text=name).last, "One word exchanged: what changes?", 1800, UNDER
        )
    page.close()
    film.save(MOVING)


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
    for (name, (_, wait_for, _, height)), (theme, language, width) in product(SHOWN.items(), looks):
        page = opened(browser, f"{server}/{address_of(name, language)}", wait_for, width, height, theme)
        whole(page, folder / f"{name}-{theme}-{language}-{width}.png")
        page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--review", type=Path, metavar="FOLDER", help="every page in every theme, language and width")
    parser.add_argument("--report", type=Path, metavar="FILE", help="report.html of an audit, to take its picture")
    parser.add_argument("--only", choices=SHOWN, metavar="NAME", help="the pictures of one page")
    parser.add_argument("--moving", action="store_true", help="the moving picture of the README")
    chosen = parser.parse_args()
    if chosen.report:
        with launched() as browser:
            report_picture(browser, chosen.report)
        return
    names = [chosen.only] if chosen.only else list(SHOWN)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[DATA] = str(Path(folder) / "data")  # of the server: nothing of yours is in the pictures
        with served(Path(folder) / "log") as server, launched() as browser:
            if chosen.moving:
                moving_picture(browser, server.address)
                return
            if not chosen.review and "explore" in names:
                welcome_picture(browser, server.address)
            opened(browser, f"{server.address}/{address_of('explore')}", "#canvas", 1440, 900).close()  # for Monitor
            for name in [name for name in names if name in STARTED]:
                start_work(browser, server.address, name)
            if chosen.review:
                review(browser, server.address, chosen.review)
            else:
                pictures(browser, server.address, names)


if __name__ == "__main__":
    main()
