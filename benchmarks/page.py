"""How fast the Explore page answers, and what a long session costs: ``python -m benchmarks.page``.

Drives Chromium: changes the text on one photo again and again, and waits until the lens shows the new words. Beside the
time in the browser it prints the model's own time, which the page shows, processor time of the server and of Chromium
(their share in a turn, whatever else the machine does), and how far the server grew (RSS).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page

from tools.chromium import launched, served

WARM = 10
STILL_MS = 600  # before each turn: a person writes once the page stands still
NOUNS = ("cat", "dog", "horse", "bird", "man", "cup", "ball", "car", "tree", "hat")
COLOURS = ("red", "green", "blue", "brown", "black", "white", "yellow")


# Asked in every frame: a locator asks again only after longer and longer pauses.
SHOWN = """number => [...document.querySelectorAll('*')].some((part) =>
  [...(part.shadowRoot?.querySelectorAll('.words button') ?? [])].some((word) => word.textContent === number))"""


def text(index: int) -> str:
    """A text of its own for each turn."""
    noun, colour = NOUNS[index % len(NOUNS)], COLOURS[index // len(NOUNS) % len(COLOURS)]
    return f"A {colour} {noun} and thing number {index}"


def turn(page: Page, index: int) -> tuple[float, float]:
    """Writes a text; milliseconds until the lens has its words, and the model's own."""
    field = page.get_by_role("textbox", name="Text about the photo")
    page.wait_for_timeout(STILL_MS)
    field.fill(text(index))
    began = time.perf_counter()
    field.press("Enter")
    page.wait_for_function(SHOWN, arg=str(index), timeout=300_000)
    took = 1000 * (time.perf_counter() - began)
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=300_000)
    return took, float(
        page.locator(".st-key-actions button", has_text=" ms").inner_text().partition(" ms")[0].split()[-1]
    )


def cpu_ms(processes: list[psutil.Process]) -> float:
    """Processor time that processes have used, which does not depend on what else runs."""
    return 1000 * sum(each.cpu_times().user + each.cpu_times().system for each in processes if each.is_running())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--turns", type=int, default=60, help="explanations in the session, the first 10 to warm up")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "log") as server, launched() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 1200})
        page.goto(server.address)
        page.locator("#canvas").wait_for(timeout=300_000)
        process, page_ms, model_ms, rss = psutil.Process(server.pid), [], [], []
        chromium = [each for each in psutil.Process().children(recursive=True) if each.pid != server.pid]
        before = cpu_ms([process]), cpu_ms(chromium)
        for index in range(100, 100 + chosen.turns):
            took, model = turn(page, index)
            page_ms.append(took)
            model_ms.append(model)
            rss.append(process.memory_info().rss / 2**20)
        server_ms, chromium_ms = cpu_ms([process]) - before[0], cpu_ms(chromium) - before[1]
    figures = {
        "page_ms_median": round(statistics.median(page_ms[WARM:]), 1),
        "model_ms_median": round(statistics.median(model_ms[WARM:]), 1),
        "server_cpu_ms_mean": round(server_ms / chosen.turns, 1),
        "chromium_cpu_ms_mean": round(chromium_ms / chosen.turns, 1),
        "rss_mb_after_10": round(rss[WARM - 1], 1),
        "rss_mb_at_end": round(rss[-1], 1),
        "growth_mb": round(rss[-1] - rss[WARM - 1], 1),
        "turns": chosen.turns,
        "load_average": round(psutil.getloadavg()[0], 1),
    }
    print(json.dumps(figures) if chosen.json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
