"""The course in a real browser: every lesson is completed once in each language, and once by keyboard alone."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from vtviz.sentences import catalogue

LESSONS = 7


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A session of its own, whose console must stay silent."""
    page = browser.new_page(viewport={"width": 1500, "height": 1300})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" and "404" not in m.text else None)
    yield page
    page.close()
    assert not complaints


def field(page: Page, matrix: str, row: int, column: int) -> Locator:
    return page.locator(f"[data-matrix={matrix}] input[data-row='{row}'][data-column='{column}']")


def wait_for_task(page: Page, text: str) -> None:
    """Until the task with this text is there, and no part of the lesson before it any more."""
    expect(page.locator(".task", has_text=text)).to_be_visible(timeout=60_000)
    expect(page.locator("#task-text")).to_have_count(1, timeout=30_000)


def tokens_and_patches(page: Page) -> None:
    page.locator("#words button", has_text="eyes").click()
    box = page.locator("#canvas").bounding_box()
    assert box
    page.locator("#canvas").click(position={"x": box["width"] * 0.1, "y": box["height"] * 0.1})
    expect(page.locator("#task-mark")).to_have_text("○")
    page.locator("#canvas").click(position={"x": box["width"] * 0.38, "y": box["height"] * 0.38})


def a_query_looks_for_keys(page: Page) -> None:
    field(page, "x", 1, 1).fill("0")
    field(page, "x", 1, 2).fill("3")


def softmax_is_a_budget(page: Page) -> None:
    page.locator("#temperature").fill("-5")
    expect(page.locator("#task-mark")).to_have_text("○")
    page.locator("#temperature").fill("16")


def many_heads(page: Page) -> None:
    page.locator("#heads").select_option("2")


def both_directions(page: Page) -> None:
    page.locator("#kind-image_text").click()
    expect(page.locator("#kind-image_text")).to_have_attribute("aria-pressed", "true", timeout=20_000)
    box = page.locator("#canvas").bounding_box()
    assert box
    page.locator("#canvas").click(position={"x": box["width"] * 11.5 / 20, "y": box["height"] * 10.5 / 20})


def from_attention_to_an_answer(page: Page) -> None:
    page.locator("#network #walk").click()
    expect(page.locator("#plan .chip")).to_be_visible()
    expect(page.locator("#plan .chip")).to_be_hidden(timeout=30_000)
    page.locator("#plan button", has_text="blocks.2").click()
    expect(page.locator("#task-mark")).to_have_text("○")
    page.locator("#plan button", has_text="text_tower").click()


def attention_is_not_an_explanation(page: Page) -> None:
    field(page, "w_k", 0, 0).fill("3")


TASKS: tuple[Callable[[Page], None], ...] = (
    tokens_and_patches,
    a_query_looks_for_keys,
    softmax_is_a_budget,
    many_heads,
    both_directions,
    from_attention_to_an_answer,
    attention_is_not_an_explanation,
)


def test_every_lesson_is_completed(page: Page, address: str) -> None:
    sentences = catalogue("zh")
    page.goto(f"{address}/learn?lang=zh")
    for number, task in enumerate(TASKS, 1):
        title = f"{number} · {sentences[f'learn.lesson{number}']}"
        expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=90_000)
        wait_for_task(page, sentences[f"learn.lesson{number}_task"])
        expect(page.locator("#task-mark")).to_have_text("○")
        task(page)
        expect(page.locator("#task-mark")).to_have_text("✓")
        expect(page.locator("#task-now")).to_have_text(sentences["learn.task_done"])
        done = sentences["learn.progress"].format(done=number, count=LESSONS)
        expect(page.get_by_text(done)).to_be_visible(timeout=20_000)
        if number < LESSONS:
            page.get_by_role("button", name=sentences["learn.next"]).click()
    expect(page.get_by_text(sentences["learn.finished"])).to_be_visible()
    page.get_by_role("radio", name="3 ·").click()
    expect(page.locator("#task-mark")).to_have_text("✓", timeout=20_000)  # it stays done


def test_links_open_a_lesson_and_a_step(page: Page, address: str) -> None:
    page.goto(f"{address}/learn?lesson=4")
    heading = f"4 · {catalogue('en')['learn.lesson4']}"
    expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=90_000)
    page.goto(f"{address}/learn?part=bench&preset=heads&step=joined")
    expect(page.locator("#step-joined")).to_have_class("step current", timeout=60_000)
    expect(page.locator("#step-joined")).to_be_in_viewport()
    page.locator("#step-output .anchor").click()
    assert page.url.endswith("/learn?part=bench&preset=heads&step=output")
    page.goto(f"{address}/learn?part=inside&kind=image→text&layer=2&head=3")
    expect(page.locator("#kind-image_text")).to_have_attribute("aria-pressed", "true", timeout=60_000)
    expect(page.locator("#layer")).to_have_value("2")
    expect(page.locator("#head")).to_have_value("3")
    page.goto(f"{address}/learn?part=network&block=joint.0")
    expect(page.locator("#inspector")).to_contain_text("joint.0", timeout=60_000)


def test_keyboard_alone_suffices(page: Page, address: str) -> None:
    def press(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)

    def tab_to(target: str, most: int = 60) -> None:
        """Presses Tab until the focus is on what the selector names, through the shadow of the part."""
        inner = "(at => { while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement; return at; })"
        for _ in range(most):
            press("Tab")
            if page.evaluate(f"target => {inner}(document.activeElement)?.matches(target) ?? false", target):
                return
        raise AssertionError(f"{target} was not reached")

    page.goto(f"{address}/learn?lesson=1")
    page.locator("#task").wait_for(timeout=90_000)
    tab_to("#words button")
    press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    expect(page.locator("#status")).to_contain_text("“eyes”")
    tab_to("#canvas")
    row, column = map(int, re.findall(r"patch (\d+), (\d+)", page.locator("#status").inner_text())[0])
    press("ArrowLeft", "ArrowRight")  # from the patch that has the most to the cat's right eye
    press(*["ArrowDown" if row < 8 else "ArrowUp"] * abs(row - 8))
    press(*["ArrowRight" if column < 8 else "ArrowLeft"] * abs(column - 8))
    expect(page.locator("#task-mark")).to_have_text("✓")
    page.get_by_role("button", name="Next lesson").focus()
    press("Enter")
    wait_for_task(page, "grass")
    tab_to("[data-matrix=x] input")
    press("ArrowDown", "ArrowRight")  # every field that is reached is selected whole
    page.keyboard.type("0")
    press("ArrowRight")
    page.keyboard.type("3")
    expect(page.locator("#task-mark")).to_have_text("✓")
    page.get_by_role("button", name="Next lesson").focus()
    press("Enter")
    wait_for_task(page, "temperature")
    tab_to("#temperature")
    press(*["ArrowRight"] * 16)
    expect(page.locator("#task-mark")).to_have_text("✓")
    tab_to("[data-matrix=weights-0] td")
    press("ArrowDown", "ArrowRight")
    expect(page.locator("#step-weights")).to_have_class("step current")
    expect(page.locator("[data-matrix=weights-0] td.at")).to_have_attribute("data-column", "1")


def test_a_reload_keeps_what_is_done(page: Page, address: str) -> None:
    page.goto(f"{address}/learn?lesson=4")
    wait_for_task(page, "purrs")
    many_heads(page)
    progress = catalogue("en")["learn.progress"]
    expect(page.get_by_text(progress.format(done=1, count=LESSONS))).to_be_visible(timeout=30_000)
    page.reload()
    expect(page.get_by_text(progress.format(done=1, count=LESSONS))).to_be_visible(timeout=30_000)
    expect(page.locator("#task-mark")).to_have_text("✓")
