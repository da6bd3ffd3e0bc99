"""How the map is computed: method, layer, head, samples, target. What there is to pick is known only from the model's
answer, so the pickers stand below it. ``side`` is "" where a page has one, else ``a`` or ``b``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from vtviz.attribution.base import Method, complete
from vtviz.attribution.options import Options
from vtviz.attribution.registry import in_groups, methods
from vtviz.attribution.words.alone import explains_alone
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.explain import Explain
from vtviz.models.base import MATCH
from vtviz.models.registry import model_info
from vtviz.ui.ask.choice import choice
from vtviz.ui.ask.selection import select, selected
from vtviz.ui.ask.target import show_target
from vtviz.ui.frame.language import current_language, say, say_or
from vtviz.ui.frame.names import method_name
from vtviz.ui.frame.pace import duration, expected_seconds

NUMBERS = ("samples", "seed", "window")
MEAN = -1


def show_pickers(explanation: Explanation, request: Explain, side: str = "") -> None:
    """The pickers of a side, with the model's defaults where nothing is picked. The explanation may come from another
    method where the one asked for has not run yet."""
    method = methods()[request.method or explanation.method]
    layers = explanation.record.of_kind(explanation.main_kind)
    shown = min(explanation.layer, len(layers) - 1) if explanation.main_kind == "text→image" else len(layers) - 1
    heads = layers[shown].weights.shape[0]
    columns = st.columns([2, 1, 1])
    with columns[0]:
        label = partial(_method_label, explanation, request)
        _pick("method", _defined(request), side, method.name, label, partial(_take_method, side))
    if side or method.needs_gradient:  # else the lens itself shows every layer and head
        with columns[1]:
            _pick_option("layer", [*range(len(layers))], side, shown, _layer_label, method)
        with columns[2]:
            head = MEAN if explanation.head is None else explanation.head
            _pick_option("head", [MEAN, *range(heads)], side, head, _head_label, method)
    _offer_alone(method, request, side)
    _show_numbers(method, request, side)
    show_target(explanation, request, side)
    about = say_or(f"method.{method.name}.about", "")
    st.caption(f"{about} {method.paper}.")


def _defined(request: Explain) -> list[str]:
    """The methods that are defined for the model and target."""
    info = model_info(request.model)
    if info is None:
        return in_groups()
    return [name for name in in_groups() if methods()[name].supports(info.abilities, request.target.kind) is None]


def _offer_alone(method: Method, request: Explain, side: str) -> None:
    """Whether each word is explained as a text of its own, where that can be chosen."""
    info = model_info(request.model)
    if info is None or not explains_alone(method, info.abilities, request.target.kind):
        return
    key = f"pick{side}-alone-{current_language()}"
    st.session_state[key] = request.alone
    st.toggle(
        say("pick.alone"),
        key=key,
        help=say("pick.alone_help"),
        on_change=lambda: select(side, alone=st.session_state[key]),
    )


def _show_numbers(method: Method, request: Explain, side: str) -> None:
    """The numbers that the method has: samples, seed, window."""
    if "subtract" in method.options and request.target.kind == "caption":
        _show_check("subtract", request, side)
    info = model_info(request.model)
    talks = info is not None and info.abilities.talks
    if "spread" in method.options and (talks or request.options.spread):
        _show_check("spread", request, side)
    numbers = [name for name in NUMBERS if name in method.options]
    for name, column in zip(numbers, st.columns(4), strict=False):
        option, key = method.options[name], f"pick{side}-{name}-{method.name}-{current_language()}"
        value = getattr(request.options, name)
        st.session_state[key] = option.default if value is None else value
        column.number_input(
            say(f"method.{name}"),
            min_value=option.low,
            max_value=option.high,
            step=1,
            key=key,
            help=say(f"method.{name}_help"),
            on_change=lambda name=name, key=key: _set_option(side, name, st.session_state[key]),
        )


def _show_check(name: str, request: Explain, side: str) -> None:
    key = f"pick{side}-{name}"
    st.session_state[key] = bool(getattr(request.options, name))
    st.checkbox(
        say(f"method.{name}"),
        key=key,
        help=say(f"method.{name}_help"),
        on_change=lambda: _set_option(side, name, 1 if st.session_state[key] else None),
    )


def _pick_option(
    name: str, values: list[int], side: str, value: int, label: Callable[[int], str], method: Method
) -> None:
    _pick(name, values, side, value, label, partial(_set_option, side, name), disabled=name not in method.options)


def _pick(
    name: str,
    values: list[Any],
    side: str,
    value: Any,
    label: Callable[[Any], str],
    on_pick: Callable[[Any], None],
    disabled: bool = False,
) -> None:
    choice(
        say("method.title", count=len(methods())) if name == "method" else say(f"pick.{name}"),
        values if value in values else [*values, value],
        f"pick{side}-{name}",
        value,
        on_pick,
        format_func=label,
        help=say(f"pick.{name}_help"),
        disabled=disabled,
    )


def _set_option(side: str, name: str, value: int | None) -> None:
    number = None if name == "head" and value == MEAN else value
    select(side, options=replace(selected(side).options, **{name: number}))


def _take_method(side: str, name: str) -> None:
    """Each method has samples, seeds and windows of its own."""
    known, options = methods()[name].options, selected(side).options
    layer, head = options.layer if "layer" in known else None, options.head if "head" in known else None
    info = model_info(selected(side).model)
    kept = info is not None and explains_alone(methods()[name], info.abilities, MATCH.kind)
    select(side, method=name, options=Options(layer, head), alone=selected(side).alone and kept)


def _method_label(explanation: Explanation, request: Explain, name: str) -> str:
    """The method and how long it takes; its cost in passes stands in the guide."""
    return f"{method_name(name)} · {duration(_seconds(explanation, request, methods()[name]))}"


def _seconds(explanation: Explanation, request: Explain, method: Method) -> float:
    if not method.perturbs:
        return 0.0
    options = request.options if method.name == request.method else Options()
    passes = method.passes(explanation.tokens, explanation.grid, complete(method, options))
    timings = explanation.timings_ms
    one = timings["forward"] + (timings["image_features"] if "window" in method.options else 0.0)
    return max(1.0, expected_seconds((request.model, method.name), passes, one))


def _layer_label(index: int) -> str:
    return say("pick.layer_number", number=index + 1)


def _head_label(index: int) -> str:
    return say("pick.mean") if index == MEAN else say("pick.head_number", number=index + 1)
