"""Waiting for the engine: the page says which stage it is in."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import streamlit as st

from vtviz.attribution.base import complete
from vtviz.attribution.registry import find_method
from vtviz.engine.explanation import Explanation, Request
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import MATCH
from vtviz.ui.ask.models import current_device, need_model
from vtviz.ui.ask.selection import OPTIONS, Selection, select, selected
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.resources import shared_engine
from vtviz.ui.frame.waiting import with_stages


def explain_selected(image: ImageInput, side: str = "") -> tuple[Explanation, Request]:
    """The explanation of what is selected on a side, and the request.

    Where a slow method was asked for and has not run, it is that of the default method (see ``show_job``).

    Options that the model or method does not have, as from a link or after a change of model, give way to defaults. A
    person who does something else meanwhile cancels it.

    Raises:
        InputError, ModelError, Busy: as the engine does.
    """
    engine, chosen, device = shared_engine(), selected(side), current_device()
    need_model(chosen.model)

    def explain(asked: Selection) -> tuple[Explanation, Request]:
        request = with_stages(lambda heard, watch: asked.request(image, engine, device))
        if request.method is not None:  # a slow method itself would find out only once it runs
            complete(find_method(request.method), request.options)
        ready = ready_request(request)
        return with_stages(lambda heard, watch: engine.explain(ready, heard, watch)), request

    try:
        return explain(chosen)
    except InputError as error:
        if chosen == chosen.plain():
            raise
        found = explain(chosen.plain())
        select(side, **asdict(chosen.plain()))
        st.warning(f"{plain(say_error(error))} {say('trouble.options')}", icon=":material/layers_clear:")
        return found


def ready_request(request: Request) -> Request:
    """The request itself where its answer is there or quick; otherwise that of the model's default method and the
    match, which every model has."""
    if shared_engine().is_ready(request):
        return request
    usual: dict[str, Any] = dict.fromkeys(OPTIONS)
    return replace(request, method=None, target=MATCH, **usual)
