"""Waiting for the engine: the page says which stage it is in."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.local import STAGES, OnStage
from vtviz.inputs import ImageInput, InputError
from vtviz.ui.language import say
from vtviz.ui.resources import shared_engine
from vtviz.ui.selection import select, selected

Value = TypeVar("Value")
QUICK = 0.15  # seconds; what is done by then needs no word
TICK = 0.25


def with_stages(work: Callable[[OnStage], Value]) -> Value:
    """The result of work that says which of STAGES it is in; the page shows the stage and the time as it goes on."""
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    began, stage = time.monotonic(), ""
    pool = ThreadPoolExecutor(1, thread_name_prefix="vtviz-page")
    place = st.empty()
    try:
        future = pool.submit(work, heard.put)
        wait([future], QUICK)
        while not future.done():
            while not heard.empty():
                stage = heard.get()
            done = STAGES.index(stage) if stage in STAGES else 0
            name = say(f"stage.{stage}") if stage in STAGES else say("stage.waiting")
            seconds = f"{time.monotonic() - began:.0f}"
            place.progress(done / len(STAGES), say("stage.now", stage=name, seconds=seconds))
            wait([future], TICK)
        return future.result()
    finally:
        place.empty()
        pool.shutdown(wait=False)


def explain_selected(image: ImageInput, side: str = "") -> Explanation:
    """The explanation of what is selected on a side.

    A layer or head that the model does not have, as from a link or after a change of model, gives way to the default.

    Raises:
        InputError, ModelError, Busy: as the engine does.
    """
    engine, chosen = shared_engine(), selected(side)
    try:
        return with_stages(lambda heard: engine.explain(chosen.request(image), heard))
    except InputError:
        if chosen.layer is None and chosen.head is None:
            raise
        plain_request = replace(chosen, layer=None, head=None).request(image)
        explanation = with_stages(lambda heard: engine.explain(plain_request, heard))
        select(side, layer=None, head=None)
        st.warning(say("trouble.place"), icon=":material/layers_clear:")
        return explanation
