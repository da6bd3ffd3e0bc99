"""How the map is computed: method, layer, head. The request reads them before they are drawn, because what there is to
pick is known only from the model's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from vtviz.attribution.base import Method
from vtviz.attribution.registry import methods
from vtviz.engine.explanation import Explanation, Request
from vtviz.inputs import ImageInput
from vtviz.ui.language import current_language, say, say_or

PICKS = "picks"
MEAN = -1


def picked_request(image: ImageInput, text: str) -> Request:
    """The request for a photo and text, with what is picked now."""
    picks = st.session_state.get(PICKS, {})
    head = picks.get("head", MEAN)
    return Request(
        image, text, method=picks.get("method"), layer=picks.get("layer"), head=None if head == MEAN else head
    )


def show_pickers(explanation: Explanation) -> None:
    """The pickers, with the model's defaults where nothing is picked."""
    known = methods()
    method = known[explanation.method]
    layers = explanation.record.of_kind("text→image")
    heads = layers[explanation.layer].weights.shape[0]
    st.markdown(f"**{say('pick.title')}**")
    columns = st.columns([2, 1, 1])
    with columns[0]:
        _pick("method", list(known), method.name, _method_label, say("pick.method_help"))
    with columns[1]:
        _pick("layer", list(range(len(layers))), explanation.layer, _layer_label, say("pick.layer_help"), method)
    with columns[2]:
        chosen = MEAN if explanation.head is None else explanation.head
        _pick("head", [MEAN, *range(heads)], chosen, _head_label, say("pick.head_help"), method)
    about = say_or(f"method.{method.name}.about", "")
    st.caption(f"{about} {method.paper}. {say('pick.cost', cost=method.cost)}")


def _pick(
    name: str, options: list[Any], value: Any, label: Callable[[Any], str], about: str, method: Method | None = None
) -> None:
    # The browser keeps the words of a choice, so each language has a widget of its own.
    key = f"pick-{name}-{current_language()}"
    st.session_state[key] = value

    def keep() -> None:
        st.session_state[PICKS] = {**st.session_state.get(PICKS, {}), name: st.session_state[key]}

    offered = method is None or name in method.options
    st.selectbox(
        say(f"pick.{name}"), options, key=key, format_func=label, help=about, on_change=keep, disabled=not offered
    )


def _method_label(name: str) -> str:
    return say_or(f"method.{name}", methods()[name].label)


def _layer_label(index: int) -> str:
    return say("pick.layer_number", number=index + 1)


def _head_label(index: int) -> str:
    return say("pick.mean") if index == MEAN else say("pick.head_number", number=index + 1)
