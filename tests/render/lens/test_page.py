"""The lens as a page of its own."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np

from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput, group_pieces
from vtviz.render.lens.page import lens_page
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensView

TEXT = "</script><script>alert(1)</script> %DATA% <img src=x onerror=alert(2)>"


def page(language: str = "en") -> str:
    words = [found.span() for found in re.finditer(r"\w+", TEXT)]
    tokens = group_pieces(TEXT, [TEXT[a:b] for a, b in words], words)
    maps = np.ones((len(words), 2, 2))
    relevance = Relevance(np.ones(len(words)), maps, maps[0], signed=False)
    shown = LensView("name", ImageInput(np.zeros((9, 9, 3), np.uint8), "0" * 64), tokens, relevance)
    return lens_page(shown, TEXT, TEXT, LensSettings(words=(1,)), language=language).decode()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]


def test_a_text_that_looks_like_html_stays_text() -> None:
    tags = Tags()
    tags.feed(page())
    assert tags.tags.count("script") == 2 and tags.tags.count("img") == 1  # the lens's own


def test_nothing_is_fetched_from_anywhere() -> None:
    tags = Tags()
    tags.feed(page())
    assert all(address.startswith("data:") for address in tags.addresses)
    assert "default-src 'none'" in page() and not re.search(r"url\(\s*['\"]?http", page())


def test_the_data_holds_the_text_the_settings_and_the_language() -> None:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page("zh"))
    assert found
    data = base64.b64decode(json.loads(found.group(1)))
    header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    assert header["text"] == TEXT and header["settings"] == {"words": [1]} and header["labels"]["whole"] == "整段文本"
    assert '<html lang="zh-Hans">' in page("zh")
