"""The bench of What if: change something, and see at once what moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from vtviz.engine.intervention import Intervention, intervention_json
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput, InputError
from vtviz.render.lens.settings import LensSettings
from vtviz.ui.ask.links import note_wrong, query_of_sides, show_link
from vtviz.ui.ask.models import need_model
from vtviz.ui.ask.selection import selected
from vtviz.ui.frame.components import asset, component
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.results import Results, session_results
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.show.pin import moment_of, offer_pin
from vtviz.ui.what_if.asking import FIRST, changed, request, ways
from vtviz.ui.what_if.checks import show_checks
from vtviz.ui.what_if.pack import Seen, bench_data, exported, seen, trial_data
from vtviz.ui.what_if.trials import Bench, Changes, act, read, written

KEY, BENCHES, SEEN, WAY = "what-if", "what-if-benches", "what-if-seen", "what-if-way"
TRIED = "tried"  # of a link
MODULES = (*("lens/scripts/data", "lens/scripts/soft", "lens/scripts/paint"), "what_if/scripts/marks")
OWN = ("what_if/scripts/stages", "what_if/scripts/tools", "what_if/scripts/lists", "what_if/scripts/what_if")


def open_bench(query: Mapping[str, str]) -> None:
    """Takes over the trials and the way to look of a link."""
    if query.get(WAY):
        st.session_state[WAY] = query[WAY]
    if not query.get(TRIED):
        return
    try:
        bench = read(query[TRIED])
    except InputError:
        note_wrong(TRIED)
    else:
        _benches()[_about()] = bench


@st.fragment
def show_bench(image: ImageInput) -> None:
    """What is selected, to be changed. A change runs this alone again."""
    with errors_shown(st.container()):
        need_model(selected().model)
        asked, bench = request(image), current_bench()
        event = (st.session_state.get(KEY) or {}).get("asked") or {}
        if event.get("do") == "way":
            st.session_state[WAY] = event.get("way")
        try:
            act(bench, event)
        except InputError as error:
            st.error(plain(say_error(error)), icon=":material/error:")
        offered = ways(asked, selected().method)
        way = next((name for name in (st.session_state.get(WAY), FIRST) if name in offered), next(iter(offered), ""))
        base, now = _outcomes(asked, offered.get(way), bench)
        _show(bench, base, now, way, offered, asked)
        with st.container(key="actions", horizontal=True, gap="xsmall"):
            _offer_file(now, asked, bench)
            settings = LensSettings(show=way if way != "attribution" else None)
            pinned = replace(selected(), method=offered.get(way))
            offer_pin((moment_of(pinned, image.sha256, settings, bench.changes), selected().photo))
            show_link({**query_of_sides(), **_query(bench, way)})
        show_checks(now.before, bench)


def current_bench() -> Bench:
    """What was tried on what is selected."""
    benches, about = _benches(), _about()
    if about not in benches:
        benches[about] = Bench()
    return benches[about]


def _benches() -> Results[tuple[str, ...], Bench]:
    return session_results(BENCHES)


def _about() -> tuple[str, ...]:
    chosen = selected()
    return chosen.photo, chosen.text, chosen.model, chosen.target


def _query(bench: Bench, way: str) -> dict[str, str]:
    tried = written(bench)
    return {**({TRIED: tried} if tried else {}), **({WAY: way} if way != FIRST else {})}


def _outcomes(asked: Explain, method: str | None, bench: Bench) -> tuple[Intervention, Intervention]:
    """What the model says beside what, and after the changes. What it cannot do is taken back, and said."""
    while True:
        try:
            now = changed(asked, method, bench.changes)
            return (changed(asked, method, bench.base) if bench.base else changed(asked, method, ())), now
        except InputError as error:
            if not bench.changes and not bench.base:
                raise
            st.error(plain(say_error(error)), icon=":material/error:")
            bench.base = ()
            bench.refuse()


def _show(
    bench: Bench, base: Intervention, now: Intervention, way: str, offered: Mapping[str, str], asked: Explain
) -> None:
    script = "\n".join(asset(*name.split("/", 1)[:1], f"{name.split('/', 1)[1]}.js") for name in (*MODULES, *OWN))
    strip = [
        trial_data(bench, index, outcome)
        for index, trial in enumerate(list(bench.tried))
        if (outcome := _seen(asked, offered.get(way), trial, now, bench)) is not None
    ]
    component("what_if", script, style=asset("lens", "lens.css") + asset("what_if", "what_if.css"))(
        key=KEY, data=bench_data(bench, base, now, way, offered, strip), on_asked_change=lambda: None
    )


def _seen(asked: Explain, method: str | None, trial: Changes, now: Intervention, bench: Bench) -> Seen | None:
    """What the strip says of a trial, computed once; None where it cannot be done, as one of an old link."""
    known: Results[tuple[str, Changes], Seen] = session_results(SEEN, 100)
    key = (asked.fingerprint, trial)
    if key not in known:
        try:
            known[key] = seen(now if trial == bench.changes else changed(asked, method, trial))
        except InputError:
            bench.forget(trial)
            return None
    return known[key]


def _offer_file(now: Intervention, asked: Explain, bench: Bench) -> None:
    known: Results[tuple[str, Changes], Seen] = session_results(SEEN, 100)
    trials = {trial: known[asked.fingerprint, trial] for trial in bench.tried if (asked.fingerprint, trial) in known}
    rows = exported(bench, trials)
    st.download_button(
        "interventions.json",
        lambda: intervention_json(now, rows),
        "interventions.json",
        "application/json",
        icon=":material/data_object:",
        help=say("what_if.export_help"),
        disabled=not (now.changes or rows),
        on_click="ignore",
    )
