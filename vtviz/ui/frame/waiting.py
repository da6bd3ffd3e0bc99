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
from vtviz.engine.turns import WAITING, Busy
from vtviz.ui.frame.language import say
from vtviz.ui.frame.pace import duration
from vtviz.ui.frame.person.visitor import session_name
from vtviz.ui.frame.resources import shared_engine
from vtviz.ui.frame.screen import progress_area
from vtviz.watch import Cancelled, Progress, Watch

Answer = TypeVar("Answer")
Describe = Callable[[Progress, str], tuple[float, str]]  # what a bar shows: its share and text, after so many seconds

QUICK = 0.15  # seconds; what is done by then needs no word
TICK = 0.25
RETRY = 1.0  # seconds until a full queue is asked again
FULL = "full"


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
    """The answer of the engine; meanwhile a bar shows what ``describe`` makes of its progress, or the place in the
    queue. Where the queue is full, it is asked again.

    Args:
        request: what is asked.
        describe: the share and the text of the bar.
        cancel: whether the request is cancelled where the page goes away.
        area: holds the bar, with a button to cancel, in place of the page's own place for it; the caller empties it.

    Raises:
        InputError, ModelError: as the engine does.
    """
    gone, began = threading.Event(), time.monotonic()
    watch = Watch(cancelled=lambda: cancel and gone.is_set(), who=session_name())
    pool = ThreadPoolExecutor(1, thread_name_prefix="vtviz-page")
    place = area or progress_area()
    bar = place
    try:
        future = pool.submit(_until_there_is_room, request, watch, gone)
        wait([future], QUICK)
        if area is not None and not future.done():
            with area.container(horizontal=True, vertical_alignment="center"):
                bar = st.empty()
                st.button(say("time.cancel"), key=f"cancel-{uuid4().hex}", icon=":material/close:")
        while not future.done():
            seconds = f"{time.monotonic() - began:.0f}"
            share, text = _queued(watch.now, seconds) or describe(watch.now, seconds)
            bar.progress(min(share, 1.0), text)
            wait([future], TICK)
        return future.result()
    except Cancelled:  # by another request of this session: nobody looks at this run any more
        st.stop()
    finally:
        gone.set()
        if area is None:
            place.empty()
        pool.shutdown(wait=False)


def _until_there_is_room(request: Request[Answer], watch: Watch, gone: threading.Event) -> Answer:
    while True:
        try:
            return shared_engine().ask(request, watch)
        except Busy:
            if gone.is_set():
                raise
            watch.tell(Progress(FULL))
            gone.wait(RETRY)


def _queued(now: Progress, seconds: str) -> tuple[float, str] | None:
    """What is said while a request has not come up yet; None where nobody is ahead of it."""
    if now.stage == FULL:
        return 0.0, say("stage.busy", seconds=seconds)
    if now.stage != WAITING or not now.total:
        return None
    left = duration(now.seconds_left or 0.0)
    return 0.0, say("stage.place", ahead=now.total, left=left, seconds=seconds)
