"""What is explained: the match, the similarity, a piece of the text as a caption, or an answer to it as a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from vtviz.attribution.options import Options
from vtviz.attribution.registry import in_groups, methods
from vtviz.attribution.targets import WrittenTarget
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.captions_and_answers import AnswerQuestion
from vtviz.engine.requests.explain import Explain
from vtviz.errors import UserError
from vtviz.models.base import TargetKind
from vtviz.models.registry import model_info
from vtviz.tasks.answer import in_language
from vtviz.ui.ask.choice import choice
from vtviz.ui.ask.selection import select, selected
from vtviz.ui.frame.language import current_language, plain, say, say_error
from vtviz.ui.frame.resources import shared_engine


def show_target(explanation: Explanation, request: Explain, side: str = "") -> None:
    """The picker of the target where the model has several, and of the piece or the answer where it needs one."""
    info = model_info(request.model)
    kinds = list(info.abilities.kinds) if info is not None else [request.target.kind]
    if len(kinds) < 2:
        return
    target = WrittenTarget.read(selected(side).target)
    left, right = st.columns([2, 2])
    with left:
        take = partial(_take_kind, side, replace(request, method=request.method or explanation.method))
        _pick("target", kinds, side, target.kind, lambda kind: say(f"pick.target_{kind}"), take)
    with right:
        if target.kind == "caption":
            pieces = explanation.tokens.pieces
            index, take = int(target.detail) % len(pieces), partial(_take, side, "caption")
            _pick("piece", range(len(pieces)), side, index, lambda piece: f"{piece + 1} · {pieces[piece]}", take)
        if target.kind == "answer":
            _pick_answer(side, target.detail, request)


def _pick_answer(side: str, chosen: str, request: Explain) -> None:
    likely = dict(_likely(request))

    def label(answer: str) -> str:
        said = in_language(answer, "zh" if current_language() == "zh" else "en")
        return f"{said} · {likely[answer]:.0%}" if answer in likely else said

    names = [*likely] if chosen in likely else [*likely, chosen]
    _pick("answer", names, side, chosen, label, partial(_take, side, "answer"), accept_new_options=True)


def _likely(request: Explain) -> tuple[tuple[str, float], ...]:
    """The likeliest answers to the text as a question, with their probabilities."""
    return shared_engine().ask(AnswerQuestion(request.image, request.text, request.model, request.device)).candidates


def _pick(
    name: str,
    options: Sequence[Any],
    side: str,
    value: Any,
    label: Callable[[Any], str],
    on_pick: Callable[[Any], None],
    **settings: Any,
) -> None:
    about = say(f"pick.{name}_help")
    key = f"pick{side}-{name}"
    choice(say(f"pick.{name}"), options, key, value, on_pick, format_func=label, help=about, **settings)


def _take(side: str, kind: TargetKind, detail: object = "") -> None:
    options = selected(side).options
    options = options if kind == "caption" else replace(options, subtract=None)
    select(side, target=str(WrittenTarget(kind, str(detail))), options=options)


def _take_kind(side: str, request: Explain, kind: TargetKind) -> None:
    """Another kind of target, of the last piece or the likeliest answer; another method where this one lacks it."""
    details = {"caption": "-1"}
    if kind == "answer":
        try:
            details["answer"] = _likely(request)[0][0]
        except UserError as error:
            st.toast(plain(say_error(error)), icon=":material/error:")
            return
    info, method = model_info(request.model), request.method
    if info is not None and method and methods()[method].supports(info.abilities, kind) is not None:
        other = next(name for name in in_groups() if methods()[name].supports(info.abilities, kind) is None)
        select(side, method=other, options=Options())
    _take(side, kind, details.get(kind, ""))
