"""How the map is computed: model, method, layer, head. What there is to pick is known only from the model's answer, so
the pickers stand under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from vtviz.attribution.registry import methods
from vtviz.engine.explanation import Explanation
from vtviz.models.registry import model_info
from vtviz.ui.language import current_language, say, say_or
from vtviz.ui.selection import select

MEAN = -1


def show_pickers(explanation: Explanation, side: str = "") -> None:
    """The pickers of a side, with the model's defaults where nothing is picked."""
    known = methods()
    method = known[explanation.method]
    layers = explanation.record.of_kind(explanation.main_kind)
    heads = layers[min(explanation.layer, len(layers) - 1)].weights.shape[0]
    info = model_info(explanation.model)
    if info is not None:
        target = explanation.target.kind
        known = {name: each for name, each in known.items() if each.supports(info.abilities, target) is None}
    columns = st.columns([2, 1, 1])
    with columns[0]:
        _pick(side, "method", list(known), method.name, method_label)
    if side or method.needs_gradient:  # else the lens itself shows every layer and head
        with columns[1]:
            _pick(side, "layer", list(range(len(layers))), explanation.layer, _layer_label, "layer" in method.options)
        with columns[2]:
            head = MEAN if explanation.head is None else explanation.head
            _pick(side, "head", [MEAN, *range(heads)], head, _head_label, "head" in method.options)
    about = say_or(f"method.{method.name}.about", "")
    st.caption(f"{about} {method.paper}. {say('pick.cost', cost=method.cost)}")


def _pick(
    side: str, name: str, options: list[Any], value: Any, label: Callable[[Any], str], offered: bool = True
) -> None:
    # The browser keeps the words of a choice, so each language has a widget of its own.
    key = f"pick{side}-{name}-{current_language()}"
    st.session_state[key] = value

    def keep() -> None:
        picked = st.session_state[key]
        changes = {name: None if name == "head" and picked == MEAN else picked}
        select(side, **changes)

    about = say(f"pick.{name}_help")
    st.selectbox(
        say(f"pick.{name}"), options, key=key, format_func=label, help=about, on_change=keep, disabled=not offered
    )


def method_label(name: str) -> str:
    """What a method is called in the chosen language."""
    return say_or(f"method.{name}", methods()[name].label)


def _layer_label(index: int) -> str:
    return say("pick.layer_number", number=index + 1)


def _head_label(index: int) -> str:
    return say("pick.mean") if index == MEAN else say("pick.head_number", number=index + 1)
