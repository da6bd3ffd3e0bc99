"""The parts of a page that are the browser's own: HTML, CSS and JavaScript in a folder of ``assets``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from vtviz.paths import ASSETS


@cache
def asset(folder: str, file: str) -> str:
    """A text file of a folder of ``assets``."""
    return (ASSETS / folder / file).read_text(encoding="utf-8")


def component(
    name: str, script: str | None = None, html: str | None = None, variant: str = "", style: str | None = None
) -> Callable[..., Any]:
    """The component made of ``assets/NAME/NAME.html``, ``.css`` and ``.js``.

    ``script``, ``html`` and ``style`` stand in for them; what has other HTML is a ``variant`` with a name of its own.
    """
    return st.components.v2.component(
        f"vtviz_{name}{f'_{variant}' if variant else ''}",
        html=asset(name, f"{name}.html") if html is None else html,
        css=asset(name, f"{name}.css") if style is None else style,
        js=asset(name, f"{name}.js") if script is None else script,
    )
