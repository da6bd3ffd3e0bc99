"""The parts of the Learn page that live in the browser: each is HTML, CSS and some modules of ``assets/learn``."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

from vtviz.sentences import catalogue
from vtviz.ui.frame.components import asset
from vtviz.ui.frame.language import current_language

# Of each part in its own folder; the last has the default export. All of them stand on those in ``shared``.
MODULES = {
    "bench": ("matrix", "steps", "saturation", "tasks", "controls", "bench"),
    "inside": ("record", "strips", "photo", "layer", "inside"),
    "network": ("plan", "walk", "network"),
}
SHARED = ("dom", "progress", "arithmetic")


@cache
def script(name: str) -> str:
    """All modules of a part as one."""
    modules = [*(f"shared/{module}" for module in SHARED), *(f"{name}/{module}" for module in MODULES[name])]
    return "\n".join(asset("learn", f"scripts/{module}.js") for module in modules)


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


def lessons_done(told: object) -> set[int]:
    """The numbers of the lessons that the browser says are done."""
    return {number for number in told if isinstance(number, int)} if isinstance(told, list) else set()


def labels() -> dict[str, str]:
    """The sentences of the page in the chosen language, by key."""
    sentences = catalogue(current_language())
    return {key.removeprefix("learn."): text for key, text in sentences.items() if key.startswith("learn.")}
