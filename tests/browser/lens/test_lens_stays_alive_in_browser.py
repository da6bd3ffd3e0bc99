"""Whatever text comes while the pointer rests somewhere, the lens goes on: many texts, delivered as a server does."""

import base64
import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from vtviz.engine.lens import lens_view
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.render.lens.pack import join, pack, said
from vtviz.render.lens.page import alone, body, part, script
from vtviz.render.lens.settings import LensSettings

WORDS = ("a", "dog", "skateboarder", "runs", "skate", "cat")
TEXTS = 150
MOUNT = """
window.told = [];
const root = document.getElementById("root"), setStateValue = (name, value) => window.told.push([name, value]);
window.feed = async (text) => {
  const data = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  await mountLens({ data, parentElement: root, setStateValue });
};
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with a lens and no server; its console must stay silent."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    code = script().replace("export default ", "") + MOUNT
    page.set_content(f"<style>{part('lens.css')}</style><div id=root>{body()}</div><script type=module>{code}</script>")
    page.wait_for_function("window.feed !== undefined")
    yield page
    page.close()
    assert not complaints


def packed(engine: LocalEngine, photo: ImageInput, text: str, method: str) -> str:
    """What the server sends for a text."""
    view = lens_view(engine.ask(Explain(photo, text, "tiny", method, beside=("attention_gradcam",))), method)
    header, blobs = pack(view, ())
    settings = LensSettings()
    return base64.b64encode(
        join({**header, **said(view, "A photo", "lens", settings, "en"), **alone()}, blobs)
    ).decode()


def rest(page: Page, choose: random.Random) -> None:
    """Leaves the pointer on a word, a patch, a small map, or nowhere."""
    selector = choose.choice(("#words button", "#words button", "#canvas", "#matrix canvas", "#hint"))
    found = page.locator(selector)
    count = found.count()
    box = found.nth(choose.choice((0, count - 1, choose.randrange(count)))).bounding_box() if count else None
    if box is not None:
        page.mouse.move(box["x"] + box["width"] * choose.random(), box["y"] + box["height"] * choose.random())
    if choose.random() < 0.3:
        page.mouse.down()
        page.mouse.up()


def test_the_lens_lives_through_many_texts(page: Page, tiny_engine: LocalEngine, photo: ImageInput) -> None:
    choose = random.Random(0)
    texts = [" ".join(choose.choices(WORDS, k=choose.choice((1, 2, 3, 5, 9, 14)))) for _ in range(24)]
    methods = ("raw_attention", "relevancy", "maskclip")
    feeds = {text: packed(tiny_engine, photo, text, choose.choice(methods)) for text in texts}
    modes = ("#units-words", "#units-pieces", "#show-attention", "#show-moved", "#show-attribution", "#several")
    modes += ("#tab-scores", "#tab-matrix", "#edges", "#against")
    for _ in range(TEXTS):
        text = choose.choice(texts)
        page.evaluate("text => window.feed(text)", feeds[text])
        if choose.random() < 0.3:
            page.locator(choose.choice(modes)).evaluate("button => button.click()")
        rest(page, choose)
    page.evaluate("text => window.feed(text)", feeds[texts[0]])
    page.locator("#units-words").evaluate("button => button.click()")
    assert page.locator("#trouble").is_hidden()
    assert page.locator("#words button").all_inner_texts()[1:] == texts[0].split()
    page.locator("#words button").nth(1).hover()
    assert texts[0].split()[0] in page.locator("#status").inner_text()


def test_a_fault_in_drawing_leaves_a_sentence_and_a_way_back(
    browser: Browser, tiny_engine: LocalEngine, photo: ImageInput
) -> None:
    page = browser.new_page()
    code = script().replace("export default ", "") + MOUNT + "window.lens = () => lenses.get(root);"
    page.set_content(f"<style>{part('lens.css')}</style><div id=root>{body()}</div><script type=module>{code}</script>")
    page.wait_for_function("window.feed !== undefined")
    page.evaluate("text => window.feed(text)", packed(tiny_engine, photo, "a dog runs", "raw_attention"))
    page.evaluate("() => { window.lens().over.words = [99]; window.lens().units = null; window.lens().draw(); }")
    assert "could not draw" in page.locator("#trouble").inner_text()
    page.locator("#again").click()
    assert page.locator("#trouble").is_hidden() and page.locator("#words button").count() == 4
    page.close()
