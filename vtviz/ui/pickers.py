"""How the map is computed: method, layer, head, samples. The request reads them before they are drawn, because what
there is to pick is known only from the model's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from vtviz.attribution.base import Method
from vtviz.attribution.registry import methods
from vtviz.engine.explanation import Explanation, Request
from vtviz.inputs import ImageInput
from vtviz.ui.guide import in_groups, method_name, show_guide
from vtviz.ui.language import current_language, say, say_or

PICKS = "picks"
NUMBERS = ("samples", "seed", "window")
MEAN = -1


def picked_request(image: ImageInput, text: str) -> Request:
    """The request for a photo and text, with what is picked now."""
    picks = st.session_state.get(PICKS, {})
    name = picks.get("method")
    offered = ("layer", "head") if name is None else methods()[name].options
    options = {key: value for key, value in picks.items() if key in offered and value != MEAN}
    return Request(image, text, method=name, **options)


def show_pickers(explanation: Explanation, request: Request) -> None:
    """The pickers, with the model's defaults where nothing is picked. The explanation may be that of another method,
    where the one asked for has not run yet."""
    known = methods()
    method = known[request.method or explanation.method]
    layers = explanation.record.of_kind("text→image")
    heads = layers[explanation.layer].weights.shape[0]
    st.markdown(f"**{say('pick.title')}**")
    columns = st.columns([2, 1, 1])
    with columns[0]:
        _pick("method", in_groups(), method.name, _method_label, say("pick.method_help"))
    with columns[1]:
        _pick("layer", list(range(len(layers))), explanation.layer, _layer_label, say("pick.layer_help"), method)
    with columns[2]:
        chosen = MEAN if explanation.head is None else explanation.head
        _pick("head", [MEAN, *range(heads)], chosen, _head_label, say("pick.head_help"), method)
    _show_numbers(method, request)
    about = say_or(f"method.{method.name}.about", "")
    st.caption(f"{about} {method.paper}. {say('pick.cost', cost=method.cost)}")
    show_guide()


def _show_numbers(method: Method, request: Request) -> None:
    """The numbers that the method has: samples, seed, window."""
    numbers = [name for name in NUMBERS if name in method.options]
    for name, column in zip(numbers, st.columns(4), strict=False):
        choice, key = method.options[name], f"pick-{name}-{method.name}-{current_language()}"
        value = getattr(request.options, name)
        st.session_state[key] = choice.default if value is None else value
        column.number_input(
            say(f"method.{name}"),
            min_value=choice.low,
            max_value=choice.high,
            step=1,
            key=key,
            help=say(f"method.{name}_help"),
            on_change=_keep,
            args=(name, key),
        )


def _keep(name: str, key: str) -> None:
    picks = st.session_state.get(PICKS, {})
    if name == "method":  # each method has numbers of its own
        picks = {other: value for other, value in picks.items() if other not in NUMBERS}
    st.session_state[PICKS] = {**picks, name: st.session_state[key]}


def _pick(
    name: str, options: list[Any], value: Any, label: Callable[[Any], str], about: str, method: Method | None = None
) -> None:
    # The browser keeps the words of a choice, so each language has a widget of its own.
    key = f"pick-{name}-{current_language()}"
    st.session_state[key] = value

    offered = method is None or name in method.options
    st.selectbox(
        say(f"pick.{name}"),
        options,
        key=key,
        format_func=label,
        help=about,
        on_change=_keep,
        args=(name, key),
        disabled=not offered,
    )


def _method_label(name: str) -> str:
    return f"{method_name(name)} · {methods()[name].cost}"


def _layer_label(index: int) -> str:
    return say("pick.layer_number", number=index + 1)


def _head_label(index: int) -> str:
    return say("pick.mean") if index == MEAN else say("pick.head_number", number=index + 1)
