"""How the map is computed: method, layer, head. The request reads them before they are drawn, because what there is to
pick is known only from the model's answer."""

from __future__ import annotations

import streamlit as st

from vtviz.attribution.registry import methods
from vtviz.engine.explanation import Explanation, Request
from vtviz.inputs import ImageInput
from vtviz.ui.language import say, say_or

METHOD, LAYER, HEAD = "method", "layer", "head"


def picked_request(image: ImageInput, text: str) -> Request:
    """The request for a photo and text, with what is picked now."""
    state = st.session_state
    return Request(image, text, method=state.get(METHOD), layer=state.get(LAYER), head=state.get(HEAD))


def forget_picks() -> None:
    """Back to the defaults."""
    for key in (METHOD, LAYER, HEAD):
        st.session_state.pop(key, None)


def show_pickers(explanation: Explanation) -> None:
    """The pickers, with the defaults that the model chose."""
    known = methods()
    layers = explanation.record.of_kind("text→image")
    heads = layers[explanation.layer].weights.shape[0]
    st.session_state.setdefault(METHOD, explanation.method)
    st.session_state.setdefault(LAYER, explanation.layer)
    st.session_state.setdefault(HEAD, explanation.head)
    st.markdown(f"**{say('pick.title')}**")
    st.selectbox(
        say("pick.method"),
        list(known),
        key=METHOD,
        format_func=lambda name: say_or(f"method.{name}", known[name].label),
        help=say("pick.method_help"),
    )
    method = known[st.session_state[METHOD]]
    st.caption(f"{say_or(f'method.{method.name}.about', '')} {method.paper}. {say('pick.cost', cost=method.cost)}")
    left, right = st.columns(2)
    left.selectbox(
        say("pick.layers"),
        list(range(len(layers))),
        key=LAYER,
        format_func=lambda index: say("pick.layer", number=index + 1),
        help=say("pick.layers_help"),
        disabled="layer" not in method.choices,
    )
    right.selectbox(
        say("pick.heads"),
        [None, *range(heads)],
        key=HEAD,
        format_func=lambda index: say("pick.mean") if index is None else say("pick.head", number=index + 1),
        help=say("pick.heads_help"),
        disabled="head" not in method.choices,
    )
