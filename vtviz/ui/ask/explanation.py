"""The explanation of what is selected."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from vtviz.attribution.base import complete
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method
from vtviz.engine.explanation import Explanation
from vtviz.engine.lens import ways_to_look
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.model import ReadTarget
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import MATCH
from vtviz.models.registry import model_info
from vtviz.ui.ask.models import current_device, need_model
from vtviz.ui.ask.selection import Selection, select_all, selected
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.resources import shared_engine
from vtviz.ui.frame.waiting import ask


def explain_selected(image: ImageInput, side: str = "", ways: bool = False) -> tuple[Explanation, Explain]:
    """The explanation of what is selected on a side, and the request.

    Where a slow method was asked for and has not run, it is that of the default method (see ``show_job``).

    With ``ways``, the other ways to look are computed beside it. Options that the model or method does not have, as
    from a link or after a change of model, give way to defaults. A person who does something else meanwhile cancels it.

    Raises:
        InputError, ModelError: as the engine does.
    """
    chosen, device = selected(side), current_device()
    need_model(chosen.model)
    info = model_info(chosen.model) if ways else None
    beside = tuple(ways_to_look(info.abilities).values()) if info is not None else ()

    def explain(asked: Selection) -> tuple[Explanation, Explain]:
        target = MATCH if asked.target == MATCH.kind else ask(ReadTarget(asked.target, asked.model, device))
        request = asked.request(image, target, device, beside)
        if request.method is not None:  # a slow method itself would find out only once it runs
            complete(find_method(request.method), request.options)
        return ask(ready_request(request)), request

    try:
        return explain(chosen)
    except InputError as error:
        if chosen == chosen.plain():
            raise
        answer = explain(chosen.plain())
        select_all(chosen.plain(), side)
        st.warning(f"{plain(say_error(error))} {say('trouble.options')}", icon=":material/layers_clear:")
        return answer


def ready_request(request: Explain) -> Explain:
    """The request itself where its answer is there or quick; otherwise that of the model's default method and the
    match, which every model has."""
    if shared_engine().is_ready(request):
        return request
    return replace(request, method=None, target=MATCH, options=Options(), alone=False)
