"""The Learn page in a real browser: numbers, edits without the server, the model's own steps, the network."""

import json
import random
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Wire
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.mechanism import LookInside
from vtviz.inputs import ImageInput
from vtviz.mechanism.attention import attend
from vtviz.mechanism.problem import read_problem
from vtviz.paths import ASSETS

PRESETS: dict[str, Any] = json.loads((ASSETS / "learn" / "presets.json").read_text(encoding="utf-8"))
WITH_MATRICES = [name for name, preset in PRESETS.items() if preset]
FRAME_MS = 16

EDIT = """async (bench, count) => {
  const fields = [...bench.querySelectorAll('#inputs input')], work = [], frame = [];
  for (let i = 0; i < count; i++) {
    const field = fields[(i * 7) % fields.length];
    const began = performance.now();
    field.value = String(((i * 37) % 100) / 25 - 2);
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    bench.getBoundingClientRect(); // laid out, not only written
    work.push(performance.now() - began);
    await new Promise((done) => requestAnimationFrame(() => {
      const next = new MessageChannel();
      next.port1.onmessage = () => { frame.push(performance.now() - began); done(); };
      next.port2.postMessage(null);
    }));
  }
  return { work, frame };
}"""
TEXTS = """bench => Object.fromEntries([...bench.querySelectorAll('[data-matrix]')].map((figure) => {
  const rows = [...figure.querySelectorAll('tbody tr')].map((row) => [...row.querySelectorAll('[data-row]')]);
  return [figure.dataset.matrix, rows.map((row) => row.map((cell) => cell.value || cell.textContent))];
}))"""


@pytest.fixture(scope="module")
def shared(browser: Browser, address: str) -> Iterator[tuple[Page, Wire, list[str]]]:
    page = browser.new_page(viewport={"width": 1500, "height": 1400})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" and "404" not in m.text else None)
    wire = Wire(page)
    page.goto(f"{address}/learn?part=bench")
    page.locator("#step-weights").wait_for(timeout=90_000)
    yield page, wire, complaints
    page.close()


@pytest.fixture
def page(shared: tuple[Page, Wire, list[str]]) -> Iterator[Page]:
    """The page, whose console must stay silent."""
    yield shared[0]
    assert not shared[2]


@pytest.fixture
def wire(shared: tuple[Page, Wire, list[str]]) -> Wire:
    return shared[1]


def show_part(page: Page, name: str, there: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    page.locator(there).first.wait_for(timeout=60_000)


def show_preset(page: Page, name: str) -> None:
    if not page.locator("#bench").is_visible():
        show_part(page, "The arithmetic", "#bench")
    page.locator(f"#preset-{name}").click()
    if PRESETS[name]:
        page.locator("#reset").click()


def check_numbers(page: Page, problem: dict[str, Any], gate: float | None = None) -> int:
    """Every number on the bench is that of Python to the digits shown; how many they are."""
    read = read_problem(problem)
    steps = attend(read)
    texts: dict[str, list[list[str]]] = page.locator("#bench").evaluate(TEXTS)
    size = steps.joined.shape[1] // read.heads
    count = 0
    for name, rows in texts.items():
        what, _, head = name.partition("-")
        if what == "mask":
            shown = [[text == "✓" for text in row] for row in rows]
            assert shown == (np.ones(steps.weights.shape[1:], bool) if read.mask is None else read.mask).tolist()
            continue
        if what == "mixed":
            values = steps.joined[:, int(head) * size : (int(head) + 1) * size]
        elif what == "fused":
            assert gate is not None
            values = read.x + gate * steps.output
        else:
            values = getattr(steps, what) if hasattr(steps, what) else getattr(read, what)
            values = values[int(head)] if head else values
        for row, numbers in zip(rows, values, strict=True):
            for text, number in zip(row, numbers, strict=True):
                digits = text.replace("−", "-").partition("e")[0].partition(".")[2]
                assert abs(float(text.replace("−", "-")) - number) <= 0.5001 * 10 ** -len(digits) or (
                    not digits and float(text.replace("−", "-")) == pytest.approx(number, rel=1e-9)
                ), (name, text, number)
                if not digits and abs(number) < 1000:
                    assert float(text.replace("−", "-")) == pytest.approx(number, abs=1e-9)
                count += 1
    return count


@pytest.mark.parametrize("name", WITH_MATRICES)
def test_numbers_are_those_of_python_before_and_after_edits(page: Page, name: str) -> None:
    show_preset(page, name)
    preset = json.loads(json.dumps(PRESETS[name]))
    problem, gate = preset["problem"], preset.get("gate")
    assert check_numbers(page, problem, gate) > 20
    choose = random.Random(name)
    for _ in range(12):
        matrix = choose.choice([key for key in problem if key.startswith(("x", "c", "w"))])
        row = choose.randrange(len(problem[matrix]))
        column = choose.randrange(len(problem[matrix][0]))
        problem[matrix][row][column] = value = round(choose.uniform(-3, 3), 2)
        page.locator(f"[data-matrix={matrix}] input[data-row='{row}'][data-column='{column}']").fill(str(value))
    page.locator("#temperature").fill("-10")
    problem["temperature"] = 0.32
    page.locator("#mask").select_option("causal")
    problem["mask"] = "causal"
    page.mouse.move(5, 5)
    check_numbers(page, problem, gate)
    page.locator("#reset").click()
    check_numbers(page, PRESETS[name]["problem"], gate)


def test_an_edit_repaints_every_step_within_a_frame_and_without_the_server(page: Page, wire: Wire) -> None:
    show_preset(page, "heads")
    page.locator("#preset-heads").focus()
    before = wire.settle()
    times = page.locator("#bench").evaluate(EDIT, 60)
    medians = {name: round(statistics.median(values), 2) for name, values in times.items()}
    print(f"an edit of the largest example, ms: {medians}")
    assert medians["work"] <= FRAME_MS, medians
    page.locator("#step-mask button[data-row='0'][data-column='1']").click()
    page.locator("#heads").select_option("4")
    page.locator("#kind-cross").click()
    page.locator("#temperature").fill("5")
    page.locator("#reset").click()
    assert wire.settle() == before


def test_a_hovered_cell_puts_its_numbers_into_every_formula(page: Page) -> None:
    show_preset(page, "textbook")
    page.locator("[data-matrix=scores-0] td[data-row='0'][data-column='1']").hover()
    expect(page.locator("#step-scores .numbers")).to_have_text("q1·k2 = 1×1 + 1×1 = 2")
    expect(page.locator("#step-scaled .numbers")).to_have_text("2 ÷ √2 = 1.414")
    assert page.locator("[data-matrix=q] .source").count() == 2 and page.locator("[data-matrix=k] .source").count() == 2
    page.locator("[data-matrix=q] td[data-row='0'][data-column='0']").hover()
    expect(page.locator("#step-project .numbers")).to_have_text("q1,1 = 1×1 + 0×0 + 1×0 + 0×1 = 1")
    assert "1, 1" in page.locator("#note").inner_text() and "4 ≠ 2" in page.locator("#note").inner_text()
    assert page.locator("#step-scores annotation").inner_html() == "S = Q K^\\top"


def test_masks_heads_and_the_other_sequence(page: Page) -> None:
    show_preset(page, "mask")
    expect(page.locator("#mask")).to_have_value("causal")
    page.locator("[data-matrix=mask] button[data-row='2'][data-column='0']").click()
    expect(page.locator("#mask")).to_have_value("own")
    expect(page.locator("[data-matrix=weights-0] td[data-row='2'][data-column='0']")).to_have_text("0")
    page.locator("[data-matrix=mask] button[data-row='0'][data-column='0']").click()  # the only key that is left
    expect(page.locator("[data-matrix=weights-0] td[data-row='0'][data-column='0']")).to_have_text("1")
    page.locator("#mask").select_option("padding")
    expect(page.locator("[data-matrix=weights-0] td[data-row='0'][data-column='3']")).to_have_text("0")
    page.locator("#kind-cross").click()
    expect(page.locator("[data-matrix=context]")).to_be_visible()
    page.locator("#kind-self").click()
    page.locator("#heads").select_option("2")
    expect(page.locator("[data-matrix=weights-1]")).to_be_visible()
    page.locator("#reset").click()


def test_softmax_saturates_without_the_root_of_d(page: Page) -> None:
    show_preset(page, "scale")
    said = page.locator("#saturation .said")
    page.locator("#width").fill("0")
    expect(said).to_contain_text("d = 1,")
    page.locator("#width").fill("9")
    expect(said).to_contain_text("d = 512")
    plain, scaled = (
        float(text.split()[-1]) for text in page.locator("#saturation .weights-row > small").all_inner_texts()
    )
    assert plain < 0.15 and scaled > 0.7
    expect(page.locator("#saturation svg polyline")).to_have_count(2)


def test_what_is_on_the_bench_is_saved_for_the_command_line(page: Page) -> None:
    show_preset(page, "mask")
    page.locator("[data-matrix=x] input[data-row='0'][data-column='0']").fill("1.5")
    page.locator("#heads").select_option("2")
    with page.expect_download() as download:
        page.locator("#save").click()
    problem = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert problem["x"][0][0] == 1.5 and problem["heads"] == 2
    assert check_numbers(page, problem) > 20
    page.locator("#reset").click()


def test_a_wrong_number_is_marked_and_the_last_good_one_comes_back(page: Page) -> None:
    show_preset(page, "textbook")
    field = page.locator("[data-matrix=x] input[data-row='0'][data-column='0']")
    field.fill("two")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.blur()
    expect(field).to_have_value("1")
    field.focus()
    page.keyboard.press("PageUp")
    expect(field).to_have_value("1.1")
    page.locator("#reset").click()


def test_the_steps_inside_are_those_of_the_model(page: Page, engine: LocalEngine, cat: ImageInput) -> None:
    show_part(page, "Inside the model", "#inside .walk li")
    page.locator("#words button", has_text="eyes").click()
    page.locator("#head").select_option(label="3")
    steps = engine.ask(LookInside(cat, "A brown cat with green eyes", "text→image", 0)).steps
    scores = steps.query[2, 6] @ steps.key[2].T
    top = np.argsort(-steps.weights[2, 6])[:5]
    rows = [cells.split("\t") for cells in page.locator("#inside .top tbody tr").all_inner_texts()]
    for (name, score, scaled, weight, *_), place in zip(rows, top, strict=True):
        assert name.strip() == f"patch {place // 20 + 1}, {place % 20 + 1}"
        assert float(score.replace("−", "-")) == pytest.approx(float(scores[place]), abs=0.006)
        assert float(scaled.replace("−", "-")) == pytest.approx(float(scores[place]) / 32**0.5, abs=0.006)
        assert float(weight.rstrip("%")) / 100 == pytest.approx(float(steps.weights[2, 6, place]), abs=0.0006)
    page.locator("#kind-image_text").click()
    expect(page.locator("#kind-image_text")).to_have_attribute("aria-pressed", "true", timeout=20_000)
    expect(page.locator("#status")).to_contain_text("patch 11, 11 gives")
    page.locator("#words button", has_text="cat").click()
    expect(page.locator("#what")).to_have_text("Softmax: weights: what each patch gives “cat”")
    weights = engine.ask(LookInside(cat, "A brown cat with green eyes", "image→text", 0)).steps.weights[2]
    expect(page.locator("#high")).to_have_text(f"{weights[:, 3].max():.0%}")
    page.locator("#kind-fused").click()
    expect(page.locator("#walk-weights")).to_contain_text("Words get", timeout=20_000)
    page.locator("#kind-text_image").click()
    expect(page.locator("#walk-gate")).to_contain_text("The gate, open", timeout=20_000)
    page.locator("#play").click()
    expect(page.locator("#walk-gate")).to_have_class("later")
    expect(page.locator("#walk-scores")).to_have_class("current", timeout=10_000)
    page.locator("#play").click()


def test_the_network_is_drawn_and_a_word_walks_through_it(page: Page, browser: Browser) -> None:
    show_part(page, "The whole network", "#plan .block")
    assert page.locator("#plan button.block").count() == 14
    page.locator("#plan button", has_text="blocks.1").click()
    facts = page.locator("#inspector")
    expect(facts).to_contain_text("blocks.1 (FusionBlock)")
    expect(facts).to_contain_text("1×8×256, 1×400×256")
    link = facts.get_by_role("link", name="image→text layer 2 in the lens").get_attribute("href") or ""
    assert "lens.kind=image%E2%86%92text" in link and "lens.layer=1" in link and "photo=chelsea" in link
    other = browser.new_page()
    other.goto(page.url.partition("/learn")[0] + link.removeprefix("."))
    expect(other.locator("#kind")).to_have_value("image→text", timeout=60_000)
    expect(other.locator("#status")).to_contain_text("layer 2")
    other.close()
    page.locator("#network #walk").click()
    expect(page.locator("#plan .reached code")).to_have_text("text_tower")
    expect(page.locator("#plan .chip")).to_be_visible()
    expect(page.locator("#plan .reached code")).to_have_text("blocks.0", timeout=10_000)
    page.locator("#network #walk").click()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_stands_in_the_way_of_anyone(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    for part, there in (
        ("The arithmetic", "#bench"),
        ("Inside the model", "#inside .walk li"),
        ("The whole network", "#plan .block"),
        ("Course", "#inside .walk li"),
    ):
        show_part(page, part, there)
        if part == "The arithmetic":
            show_preset(page, "scale")
            check_accessible(page, f"{part}, scale, {theme}")
            show_preset(page, "gate")
        check_accessible(page, f"{part}, {theme}")
    page.emulate_media(color_scheme="light")


def check_accessible(page: Page, where: str) -> None:
    page.wait_for_timeout(300)
    streamlit = {"exclude": [["[data-testid=stSidebarNavItems]"]]}  # its menu groups pages in a list in its own way
    found = Axe().run(page, context=streamlit).response["violations"]
    serious = [item for item in found if item["impact"] in ("serious", "critical")]
    assert not serious, (where, [(item["id"], [node["html"][:200] for node in item["nodes"][:3]]) for item in serious])


def test_a_narrow_page_does_not_scroll_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    for part, there in (
        ("The arithmetic", "#bench"),
        ("Inside the model", "#inside"),
        ("The whole network", "#network"),
    ):
        show_part(page, part, there)
        wide = page.locator(there).evaluate("part => part.scrollWidth - part.clientWidth")
        assert wide <= 0, (part, wide)
        check_accessible(page, f"{part}, narrow")
    page.set_viewport_size({"width": 1500, "height": 1400})
