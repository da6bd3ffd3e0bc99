"""A page that waits for the engine says how far the work is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar
from uuid import uuid4

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vtviz.engine.engine import Request
from vtviz.engine.requests.explain import STAGES
from vtviz.ui.frame.language import say
from vtviz.ui.frame.resources import shared_engine
from vtviz.ui.frame.screen import progress_area
from vtviz.watch import Progress, Watch

Answer = TypeVar("Answer")
Describe = Callable[[Progress, str], tuple[float, str]]  # what a bar shows: its share and text, after so many seconds

QUICK = 0.15  # seconds; what is done by then needs no word
TICK = 0.25


def by_stage(now: Progress, seconds: str) -> tuple[float, str]:
    """Which of STAGES an explanation is in."""
    known = now.stage in STAGES
    stage = say(f"stage.{now.stage if known else 'waiting'}")
    share = (STAGES.index(now.stage) + now.share) / len(STAGES) if known else 0.0
    return share, say("stage.now", stage=stage, seconds=seconds)


def by_pieces(now: Progress, seconds: str) -> tuple[float, str]:
    """How many pieces of a text are written."""
    return now.share, say("describe.writing", pieces=now.done, seconds=seconds)


def ask(
    request: Request[Answer],
    describe: Describe = by_stage,
    cancel: bool = True,
    area: DeltaGenerator | None = None,
) -> Answer:
    """The answer of the engine; meanwhile a bar shows what ``describe`` makes of its progress.

    Args:
        request: what is asked.
        describe: the share and the text of the bar.
        cancel: whether the request is cancelled where the page goes away.
        area: holds the bar, with a button to cancel, in place of the page's own place for it; the caller empties it.

    Raises:
        InputError, ModelError, Busy: as the engine does.
    """
    engine, gone, began = shared_engine(), threading.Event(), time.monotonic()
    watch = Watch(cancelled=lambda: cancel and gone.is_set())
    pool = ThreadPoolExecutor(1, thread_name_prefix="vtviz-page")
    place = area or progress_area()
    bar = place
    try:
        future = pool.submit(engine.ask, request, watch)
        wait([future], QUICK)
        if area is not None and not future.done():
            with area.container(horizontal=True, vertical_alignment="center"):
                bar = st.empty()
                st.button(say("time.cancel"), key=f"cancel-{uuid4().hex}", icon=":material/close:")
        while not future.done():
            share, text = describe(watch.now, f"{time.monotonic() - began:.0f}")
            bar.progress(min(share, 1.0), text)
            wait([future], TICK)
        return future.result()
    finally:
        gone.set()
        if area is None:
            place.empty()
        pool.shutdown(wait=False)
