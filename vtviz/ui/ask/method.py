"""How the map is computed: method, layer, head, samples, target. What there is to pick is known only from the model's
answer, so the pickers stand under it. ``side`` is "" where a page has one, else ``a`` or ``b``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from vtviz.attribution.base import Method
from vtviz.attribution.registry import in_groups, methods
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.explain import Explain
from vtviz.models.registry import model_info
from vtviz.ui.ask.selection import OPTIONS, select
from vtviz.ui.ask.target import show_target
from vtviz.ui.frame.language import current_language, say, say_or
from vtviz.ui.frame.names import method_name
from vtviz.ui.show.guide import show_guide, show_misleads

NUMBERS = ("samples", "seed", "window")
MEAN = -1


def show_pickers(explanation: Explanation, request: Explain, side: str = "") -> None:
    """The pickers of a side, with the model's defaults where nothing is picked. The explanation may be that of another
    method, where the one asked for has not run yet."""
    method = methods()[request.method or explanation.method]
    layers = explanation.record.of_kind(explanation.main_kind)
    shown = min(explanation.layer, len(layers) - 1) if explanation.main_kind == "text→image" else len(layers) - 1
    heads = layers[shown].weights.shape[0]
    columns = st.columns([2, 1, 1])
    with columns[0]:
        _pick(side, "method", _defined(request), method.name, _method_label)
    if side or method.needs_gradient:  # else the lens itself shows every layer and head
        with columns[1]:
            _pick(side, "layer", list(range(len(layers))), shown, _layer_label, "layer" in method.options)
        with columns[2]:
            head = MEAN if explanation.head is None else explanation.head
            _pick(side, "head", [MEAN, *range(heads)], head, _head_label, "head" in method.options)
    _show_numbers(method, request, side)
    show_target(explanation, request, side)
    about = say_or(f"method.{method.name}.about", "")
    st.caption(f"{about} {method.paper}. {say('pick.cost', cost=method.cost)}")
    if not side:
        show_misleads(method)
        show_guide()


def _defined(request: Explain) -> list[str]:
    """The methods that are defined for the model and target."""
    info = model_info(request.model)
    if info is None:
        return in_groups()
    return [name for name in in_groups() if methods()[name].supports(info.abilities, request.target.kind) is None]


def _show_numbers(method: Method, request: Explain, side: str) -> None:
    """The numbers that the method has: samples, seed, window."""
    numbers = [name for name in NUMBERS if name in method.options]
    for name, column in zip(numbers, st.columns(4), strict=False):
        choice, key = method.options[name], f"pick{side}-{name}-{method.name}-{current_language()}"
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
            args=(side, name, key),
        )


def _pick(
    side: str, name: str, options: list[Any], value: Any, label: Callable[[Any], str], offered: bool = True
) -> None:
    # The browser keeps the words of a choice, so each language has a widget of its own.
    key = f"pick{side}-{name}-{current_language()}"
    st.session_state[key] = value
    st.selectbox(
        say(f"pick.{name}"),
        options if value in options else [*options, value],
        key=key,
        format_func=label,
        help=say(f"pick.{name}_help"),
        on_change=_keep,
        args=(side, name, key),
        disabled=not offered,
    )


def _keep(side: str, name: str, key: str) -> None:
    picked = st.session_state[key]
    changes: dict[str, Any] = {name: None if name == "head" and picked == MEAN else picked}
    if name == "method":  # each method has numbers of its own
        kept = {each for each in ("layer", "head") if each in methods()[picked].options}
        changes |= {each: None for each in OPTIONS if each not in kept}
    select(side, **changes)


def _method_label(name: str) -> str:
    return f"{method_name(name)} · {methods()[name].cost}"


def _layer_label(index: int) -> str:
    return say("pick.layer_number", number=index + 1)


def _head_label(index: int) -> str:
    return say("pick.mean") if index == MEAN else say("pick.head_number", number=index + 1)
