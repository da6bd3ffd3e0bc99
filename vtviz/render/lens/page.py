"""The lens's own HTML, CSS and JavaScript, and the page that shows one lens without a server."""

from __future__ import annotations

import base64
import html
import re
from functools import cache
from typing import Any

import orjson

from vtviz.paths import ASSETS
from vtviz.render.lens.about import NOTHING, About
from vtviz.render.lens.pack import join, pack, said
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensView

MODULES = (
    "desk",
    "data",
    "soft",
    "paint",
    "tokens",
    "stage",
    "matrix",
    "scores",
    "numbers",
    "tabs",
    "controls",
    "keys",
    "picture",
    "guide",
    "lens",
)


@cache
def part(name: str) -> str:
    """A file of ``assets/lens``."""
    return (ASSETS / "lens" / name).read_text(encoding="utf-8")


@cache
def script() -> str:
    """All modules as one; the last has the default export."""
    return "\n".join(part(f"scripts/{name}.js") for name in MODULES)


def alone(about: About = NOTHING) -> dict[str, Any]:
    """What a lens is told of its page where there is nothing but the lens."""
    return {
        "panels": "",
        "below": [],
        "picks": False,
        "tab": "",
        "served": [],
        "about": about.to_dict(),
        "guide": False,
        "resembles": False,
    }


@cache
def body(with_panels: bool = True) -> str:
    """The lens's HTML, with the panels beside the photo or without them, for a page that shows them elsewhere."""
    return part("lens.html").replace("%PANELS%", part("panels.html") if with_panels else "")


def lens_page(
    view: LensView,
    alt: str,
    title: str,
    settings: LensSettings | None = None,
    language: str = "en",
    about: About = NOTHING,
) -> bytes:
    """One HTML file that shows the lens wherever it is opened, and asks nothing of any server.

    The whole record travels in it, so that no layer is left to be asked for.
    """
    header, blobs = pack(view, wanted=range(len(view.layers)))
    data = join({**header, **said(view, alt, "page", settings or LensSettings(), language), **alone(about)}, blobs)
    filled = {
        "LANGUAGE": "zh-Hans" if language == "zh" else language,
        "TITLE": html.escape(title),
        "ABOUT": "<br>".join(html.escape(line) for line in _lines(about)),
        "STYLE": part("page.css") + part("lens.css"),
        "BODY": body(),
        # No value can end the script: < never appears in it.
        "DATA": orjson.dumps(base64.b64encode(data).decode()).decode().replace("<", "\\u003c"),
        "SCRIPT": script().replace("export default ", ""),
    }
    return re.sub("%([A-Z]+)%", lambda placeholder: filled[placeholder.group(1)], part("page.html")).encode()


def _lines(about: About) -> list[str]:
    """What stands below the sentence."""
    facts = about.to_dict()
    made = " · ".join(filter(None, (facts["model"], facts["date"], facts["link"])))
    return [line for line in (facts["answer"], made if facts["model"] else "") if line]
