"""Methods of many passes: they run on demand, show their progress, can be cancelled, and outlive the page."""

from __future__ import annotations

import time

import streamlit as st

from vtviz.attribution.base import complete
from vtviz.attribution.registry import methods
from vtviz.engine.engine import Job
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import InputError
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.names import method_name
from vtviz.ui.frame.pace import duration, expected_seconds, note_pace
from vtviz.ui.frame.person.visitor import left_for_good, session_name
from vtviz.ui.frame.resources import shared_engine
from vtviz.watch import Cancelled, Watch

JOBS, BEGAN, ENCODING = "jobs", "job-began", "encoding_ms"


def show_job(request: Explain, shown: Explanation) -> None:
    """Where something else is shown than was asked for: what that would cost, and a button; while it runs, its
    progress."""
    if shown.fingerprint == request.fingerprint:
        return
    job = st.session_state.setdefault(JOBS, {}).get(request.key)
    with st.container(border=True):
        if job is None:
            _offer(request, shown)
        else:
            _follow(request, job)


def _offer(request: Explain, shown: Explanation) -> None:
    method = methods()[request.method or shown.method]
    name = method_name(method.name)
    passes = method.passes(shown.tokens, shown.grid, complete(method, request.options))
    timings = shown.timings_ms  # the features of a known photo took no time: keep what they once took
    encoding = max(timings["image_features"], st.session_state.get(ENCODING, 0.0))
    st.session_state[ENCODING] = encoding
    one = timings["forward"] + (encoding if "window" in method.options else 0.0)
    needed = duration(expected_seconds((request.model, method.name), passes, one))
    st.markdown(say("method.slow", method=name, passes=passes, time=needed, shown=method_name(shown.method)))
    if st.button(say("method.run", method=name), type="primary", icon=":material/play_arrow:"):
        _start(request)


def _start(request: Explain) -> None:
    watch = Watch(cancelled=left_for_good(), who=session_name())
    st.session_state[JOBS] = {request.key: shared_engine().start(request, watch)}
    st.session_state[BEGAN] = time.monotonic()
    st.rerun()


@st.fragment(run_every=0.5)
def _follow(request: Explain, job: Job[Explanation]) -> None:
    name = method_name(request.method or "")
    if not job.future.done():
        st.progress(job.now.share, text=_progress_text(name, job))
        st.button(say("method.cancel"), icon=":material/close:", disabled=job.stopping, on_click=job.cancel)
        return
    error = job.error()
    if error is None:
        st.session_state[JOBS].pop(request.key, None)
        note_pace((request.model, request.method), job.now.total, time.monotonic() - st.session_state[BEGAN])
        st.rerun()
    elif isinstance(error, Cancelled):
        st.info(say("method.cancelled", method=name), icon=":material/cancel:")
    elif isinstance(error, InputError):
        st.error(plain(say_error(error)), icon=":material/error:")
    else:
        raise error
    if st.button(say("method.run", method=name), icon=":material/replay:"):
        _start(request)


def _progress_text(name: str, job: Job[Explanation]) -> str:
    if job.stopping:
        return say("method.cancelling", method=name)
    now = job.now
    if not now.total:
        return say("method.waiting")
    text = say("method.progress", method=name, done=now.done, total=now.total)
    spent = time.monotonic() - st.session_state.get(BEGAN, time.monotonic())
    left = duration(spent / now.done * (now.total - now.done)) if now.done else ""
    return f"{text} · {say('time.left', left=left)}" if left else text
