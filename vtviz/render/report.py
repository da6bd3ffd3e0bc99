"""Reports for people: templates of ``assets/report`` filled in to one HTML file that loads nothing from anywhere."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from vtviz.paths import ASSETS


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(ASSETS / "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> str:
    """A template with values; all texts are escaped but for Markup. ``colon`` is that of the ``language``."""
    colon = "：" if values.get("language") == "zh" else ": "
    return _environment().get_template(template).render(colon=colon, **values)


def data_address(jpeg: bytes) -> Markup:
    """A JPEG picture as an address that holds all of it."""
    return Markup("data:image/jpeg;base64,") + base64.b64encode(jpeg).decode()
