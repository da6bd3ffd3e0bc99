"""The parts of the Learn page that live in the browser: each is HTML, CSS and some modules of ``assets/learn``."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from vtviz.sentences import catalogue
from vtviz.ui.frame.components import asset
from vtviz.ui.frame.language import current_language

# The last module of a part has the default export.
MODULES = {
    "bench": ("dom", "arithmetic", "matrix", "steps", "saturation", "tasks", "controls", "bench"),
    "inside": ("dom", "arithmetic", "record", "strips", "photo", "layer", "inside"),
    "network": ("dom", "arithmetic", "plan", "walk", "network"),
}


@cache
def script(name: str) -> str:
    """All modules of a part as one."""
    return "\n".join(asset("learn", f"scripts/{module}.js") for module in MODULES[name])


def show_part(name: str, key: str, data: Any, **states: Any) -> dict[str, Any]:
    """Draws a part with its data; returns what it told of the ``states``, given with their defaults."""
    mount = st.components.v2.component(
        f"vtviz_learn_{name}",
        html=asset("learn", f"{name}.html"),
        css=asset("learn", "learn.css") + asset("learn", f"{name}.css"),
        js=script(name),
    )
    told: dict[str, Any] = {f"on_{state}_change": (lambda: None) for state in states}
    return dict(mount(key=key, data=data, default=states, **told))


def labels() -> dict[str, str]:
    """The sentences of the page in the chosen language, by key."""
    sentences = catalogue(current_language())
    return {key.removeprefix("learn."): text for key, text in sentences.items() if key.startswith("learn.")}
