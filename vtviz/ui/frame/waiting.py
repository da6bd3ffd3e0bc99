"""A page that waits says which stage the work is in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import streamlit as st

from vtviz.engine.explain import STAGES, OnStage
from vtviz.ui.frame.language import say
from vtviz.watch import Watch

Value = TypeVar("Value")


QUICK = 0.15  # seconds; what is done by then needs no word


TICK = 0.25


class _Heard:
    """What the worker told last: the stage, what is done of it, and which part of it that is, 0..1."""

    stage, done, part = "", 0, 0.0

    def enter(self, stage: str) -> None:
        self.stage = stage

    def step(self, done: int, total: int) -> None:
        self.done, self.part = done, done / max(total, 1)


def with_stages(work: Callable[[OnStage, Watch], Value]) -> Value:
    """The result of work that says which of STAGES it is in and how far; the page shows both and the time. The work is
    cancelled where the page goes away."""
    heard = _Heard()

    def told(seconds: str) -> tuple[float, str]:
        known = heard.stage in STAGES
        stage = say(f"stage.{heard.stage if known else 'waiting'}")
        share = (STAGES.index(heard.stage) + heard.part) / len(STAGES) if known else 0.0
        return share, say("stage.now", stage=stage, seconds=seconds)

    return _followed(lambda gone: work(heard.enter, Watch(heard.step, gone)), told)


def with_pieces(work: Callable[[Watch], Value]) -> Value:
    """The result of work that writes texts piece by piece; the page shows how many there are, and the time. The work is
    cancelled where the page goes away."""
    heard = _Heard()

    def told(seconds: str) -> tuple[float, str]:
        return heard.part, say("describe.writing", pieces=heard.done, seconds=seconds)

    return _followed(lambda gone: work(Watch(heard.step, gone)), told)


def _followed(work: Callable[[Callable[[], bool]], Value], told: Callable[[str], tuple[float, str]]) -> Value:
    """The result of work that asks whether the page is gone; ``told`` gives what to show after so many seconds."""
    gone, began = threading.Event(), time.monotonic()
    pool = ThreadPoolExecutor(1, thread_name_prefix="vtviz-page")
    place = st.empty()
    try:
        future = pool.submit(work, gone.is_set)
        wait([future], QUICK)
        while not future.done():
            share, text = told(f"{time.monotonic() - began:.0f}")
            place.progress(min(share, 1.0), text)
            wait([future], TICK)
        return future.result()
    finally:
        gone.set()
        place.empty()
        pool.shutdown(wait=False)
