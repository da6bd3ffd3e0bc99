"""Choices that survive a change of language.

The browser keeps the words of a choice, not its value, so a choice has a widget of its own in each language; the value
lives apart from the widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from vtviz.ui.frame.language import current_language

Value = TypeVar("Value")


def choice(
    label: str,
    options: Sequence[Any],
    key: str,
    value: Value,
    on_pick: Callable[[Value], None],
    widget: Callable[..., object] = st.selectbox,
    **settings: Any,
) -> None:
    """A choice whose value is kept elsewhere.

    Args:
        label: says what is chosen.
        options: what there is to choose from; ``value`` is one of them, or a list of them where several are chosen.
        key: of the widgets, less the language.
        value: what is chosen now.
        on_pick: keeps what a person picks.
        widget: the kind of widget, perhaps that of a column.
        settings: more for the widget, such as ``format_func``.
    """
    own_key = f"{key}-{current_language()}"
    st.session_state[own_key] = value
    widget(label, options, key=own_key, on_change=lambda: on_pick(st.session_state[own_key]), **settings)


def kept_choice(
    label: str,
    options: Sequence[Any],
    key: str,
    default: Value,
    widget: Callable[..., object] = st.selectbox,
    **settings: Any,
) -> Value:
    """A choice whose value the session keeps under ``key``; returns it. The default stands where it is no option."""
    value: Value = st.session_state.get(key, default)
    if not set(value if isinstance(value, list) else [value]) <= set(options):
        value = default
    st.session_state[key] = value

    def keep(picked: Value) -> None:
        st.session_state[key] = picked

    choice(label, options, key, value, keep, widget, **settings)
    return value
