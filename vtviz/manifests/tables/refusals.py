"""Rows that cannot be used: one ends the reading, or is named and left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vtviz.inputs import InputError

Refuse = Callable[[int, InputError], None]  # hears the line of a row, and why it cannot be used
Numbered = tuple[int, dict[str, Any]]  # a row and its line


def raised(line: int, error: InputError) -> None:
    """The first such row ends the reading."""
    raise error
