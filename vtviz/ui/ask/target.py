"""What is explained: the match, the similarity, a piece of the text as a caption, or an answer to it as a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from vtviz.attribution.registry import in_groups, methods
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.captions_and_answers import AnswerQuestion
from vtviz.engine.requests.explain import Explain
from vtviz.errors import UserError
from vtviz.models.base import TargetKind
from vtviz.models.registry import model_info
from vtviz.ui.ask.selection import OPTIONS, select, selected
from vtviz.ui.frame.language import current_language, plain, say, say_error
from vtviz.ui.frame.resources import shared_engine


def show_target(explanation: Explanation, request: Explain, side: str = "") -> None:
    """The picker of the target, where the model has several, and of the piece or the answer where it needs one."""
    info = model_info(request.model)
    kinds = list(info.abilities.kinds) if info is not None else [request.target.kind]
    if len(kinds) < 2:
        return
    kind, _, rest = selected(side).target.partition(":")
    left, right = st.columns([2, 2])
    with left:
        keep = partial(_keep_kind, replace(request, method=request.method or explanation.method))
        _pick(side, "target", kinds, kind, lambda each: say(f"pick.target_{each}"), keep)
    with right:
        if kind == "caption":
            pieces = explanation.tokens.pieces
            place = int(rest) % len(pieces)
            _pick(side, "piece", range(len(pieces)), place, lambda each: f"{each + 1} · {pieces[each]}", _keep_rest)
        if kind == "answer":
            _pick_answer(side, rest, request)


def _pick_answer(side: str, chosen: str, request: Explain) -> None:
    likely = dict(_likely(request))

    def label(answer: str) -> str:
        return f"{answer} · {likely[answer]:.0%}" if answer in likely else answer

    names = [*likely] if chosen in likely else [*likely, chosen]
    _pick(side, "answer", names, chosen, label, _keep_rest, accept_new_options=True)


def _likely(request: Explain) -> tuple[tuple[str, float], ...]:
    """The likeliest answers to the text as a question, with their probabilities."""
    return shared_engine().ask(AnswerQuestion(request.image, request.text, request.model, request.device)).candidates


def _pick(
    side: str,
    name: str,
    options: Sequence[Any],
    value: Any,
    label: Callable[[Any], str],
    keep: Callable[[str, str], None],
    **more: Any,
) -> None:
    key = f"pick{side}-{name}-{current_language()}"  # the browser keeps the words of a choice
    st.session_state[key] = value
    about = say(f"pick.{name}_help")
    st.selectbox(
        say(f"pick.{name}"), options, key=key, format_func=label, help=about, on_change=keep, args=(side, key), **more
    )


def _keep_kind(request: Explain, side: str, key: str) -> None:
    """Another kind of target, of its last piece or likeliest answer; another method where this one has it not."""
    kind: TargetKind = st.session_state[key]
    rest = {"caption": ":-1"}.get(kind, "")
    if kind == "answer":
        try:
            rest = f":{_likely(request)[0][0]}"
        except UserError as error:
            st.toast(plain(say_error(error)), icon=":material/error:")
            return
    method = request.method
    info = model_info(request.model)
    if info is not None and method and methods()[method].supports(info.abilities, kind) is not None:
        method = next(name for name in in_groups() if methods()[name].supports(info.abilities, kind) is None)
    changed = {} if method == request.method else {"method": method, **dict.fromkeys(OPTIONS)}
    select(side, target=kind + rest, **changed)


def _keep_rest(side: str, key: str) -> None:
    kind = selected(side).target.partition(":")[0]
    select(side, target=f"{kind}:{st.session_state[key]}")
