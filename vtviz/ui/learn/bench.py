"""The bench: attention on small matrices that a person edits; everything follows in the browser."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
import streamlit as st

from vtviz.ui.frame.components import asset
from vtviz.ui.frame.language import current_language
from vtviz.ui.learn.parts import labels, show_part

FIRST = "textbook"


@cache
def presets() -> dict[str, Any]:
    """The examples by name: problems as ``vtviz.mechanism.problem`` reads them; "scale" draws its own numbers."""
    examples: dict[str, Any] = orjson.loads(asset("learn", "presets.json"))
    return examples


def show_bench(task: dict[str, Any] | None = None, done: bool = False) -> int | None:
    """The bench; with a task of the course, whose lesson it returns once the task is done.

    Without a task the address says which example and which step come first.
    """
    asked = st.query_params.get("preset", FIRST)
    preset = task["preset"] if task else asked if asked in presets() else FIRST
    turn = f"lesson {task['lesson']}" if task else "bench"
    data = {
        "labels": labels(),
        "language": current_language(),
        "presets": presets(),
        "preset": preset,
        "step": None if task else st.query_params.get("step"),
        "task": task,
        "done": done,
        "turn": turn,
    }
    told = show_part("bench", f"bench-{turn}", data, done=None)["done"]
    return told if isinstance(told, int) else None
