"""The whole network as a diagram, drawn from the model itself, with what a photo and a sentence do in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import streamlit as st

from vtviz.engine.requests.mechanism import DrawPlan, NetworkPlan
from vtviz.inputs import ImageInput
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.ui.frame.language import current_language
from vtviz.ui.frame.waiting import ask
from vtviz.ui.learn.inside import SHOWN
from vtviz.ui.learn.parts import labels, lessons_done, show_part


def show_network(
    image: ImageInput,
    text: str,
    photo: str,
    model: str = DEFAULT_MODEL,
    task: dict[str, Any] | None = None,
    done: bool = False,
) -> set[int]:
    """The plan of a model's network; with a task of the course; returns the lessons that are done.

    Args:
        image: that runs through it.
        text: that runs through it.
        photo: what the selection calls the photo, for links to the lens.
        model: whose network it is.
        task: of the course.
        done: whether the task is done already.
    """
    answer = ask(DrawPlan(image, text, model))
    plan = answer.plan
    language = {} if current_language() == "en" else {"lang": current_language()}
    data = {
        "name": f"{image.sha256}-{text}-{model}",
        "labels": labels(),
        "language": language,
        "blocks": [asdict(block) for block in plan.blocks],
        "parameters": plan.parameters,
        "targets": list(plan.targets),
        "words": _words(answer, ("[CLS]", "[SEP]") if model == DEFAULT_MODEL else ("‹start›", "‹end›")),
        "real": [answer.text_offset, answer.text_offset + len(answer.tokens.pieces)],
        "query": {**_query(photo, text, model), **language},
        "inside": list(SHOWN) if model == DEFAULT_MODEL else [],
        "asked": None if task else st.query_params.get("block"),
        "task": task,
        "done": done,
    }
    return lessons_done(
        show_part("network", f"network-{task['lesson']}" if task else "network", data, done=None)["done"]
    )


def _query(photo: str, text: str, model: str) -> dict[str, str]:
    """What the address of the Explore page says of a photo, a text and a model."""
    return {"photo": photo, "text": text} | ({} if model == DEFAULT_MODEL else {"model": model})


def _words(answer: NetworkPlan, ends: tuple[str, str]) -> list[str]:
    """The tokens of the text at the first positions of the text axis, between those at its ends."""
    names = [answer.tokens.text[start:end] for start, end in answer.tokens.spans]
    return [*ends[:1] * answer.text_offset, *names, ends[1]][: answer.plan.text]
