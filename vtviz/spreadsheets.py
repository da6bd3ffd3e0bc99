"""Tables that spreadsheets open: no cell of them runs as a formula."""

from __future__ import annotations

import unicodedata
from typing import Any

FORMULA = ("=", "+", "-", "@")  # at the start of a cell; programs set for Chinese or Japanese take wide ones too
LEADING = "\t\r\n \u3000\ufeff\u200b"  # what some programs skip before they look


def as_cell(value: Any) -> Any:
    """A value for a cell of a table: a text that a spreadsheet could run begins with an apostrophe, which makes it a
    text there; numbers and all other texts stay as they are."""
    if not isinstance(value, str):
        return value
    start = unicodedata.normalize("NFKC", value.lstrip(LEADING)[:1])
    return f"'{value}" if start in FORMULA or value[:1] in ("\t", "\r", "\n") else value
