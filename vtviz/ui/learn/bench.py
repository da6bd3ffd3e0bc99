"""The bench: attention on small matrices that a person edits; everything follows in the browser."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
import streamlit as st

from vtviz.ui.frame.components import asset
from vtviz.ui.frame.language import current_language
from vtviz.ui.learn.parts import labels, lessons_done, show_part

FIRST = "textbook"


@cache
def presets() -> dict[str, Any]:
    """The examples by name: problems as ``vtviz.mechanism.problem`` reads them; "scale" draws its own numbers."""
    examples: dict[str, Any] = orjson.loads(asset("learn", "presets.json"))
    return examples


def show_bench(task: dict[str, Any] | None = None, done: bool = False) -> set[int]:
    """The bench; with a task of the course; returns the lessons that are done.

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
    return lessons_done(show_part("bench", f"bench-{turn}", data, done=None)["done"])
