"""Is the map's promise kept? Cuts of the photo, and the smallest region that keeps the answer; measured on demand."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.interventions import FindSmallestRegion, MeasurePromise
from vtviz.inputs import InputError
from vtviz.interventions.changes import Only
from vtviz.interventions.promise import Cuts
from vtviz.interventions.smallest import Kept
from vtviz.models.base import ModelError
from vtviz.ui.frame.charts import GREY, show_chart
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.results import Results, session_results
from vtviz.ui.frame.waiting import ask
from vtviz.ui.what_if.trials import Bench

CUTS, REGIONS = "what-if-cuts", "what-if-regions"


def show_checks(explanation: Explanation, bench: Bench) -> None:
    """Both checks of the map of an explanation without changes, where somebody looks."""
    left, right = st.columns(2, gap="medium")
    with left.expander(
        say("what_if.cuts"), key="what-if-cuts-open", icon=":material/scatter_plot:", on_change="rerun"
    ) as opened:
        if opened.open:
            _guarded(_show_cuts, explanation, bench)
    with right.expander(
        say("what_if.region"), key="what-if-region-open", icon=":material/crop_free:", on_change="rerun"
    ) as opened:
        if opened.open:
            _guarded(_show_region, explanation, bench)


def _guarded(show, explanation: Explanation, bench: Bench) -> None:  # type: ignore[no-untyped-def]
    try:
        show(explanation, bench)
    except (InputError, ModelError) as error:
        st.error(plain(say_error(error)), icon=":material/error:")


def _show_cuts(explanation: Explanation, bench: Bench) -> None:
    kept: Results[str, Cuts | None] = session_results(CUTS)
    key = explanation.fingerprint
    if key not in kept:
        kept[key] = ask(
            MeasurePromise(explanation.attribution), lambda now, seconds: (now.share, say("what_if.cutting"))
        )
    cuts = kept[key]
    if cuts is None:
        st.caption(say("what_if.flat"))
        return
    st.caption(say("what_if.cuts_about"))
    show_chart(_cuts_chart(cuts), "what-if-cuts", alt=say("what_if.cuts"))
    if cuts.correlation is not None:
        verdict = "kept" if cuts.correlation >= 0.5 else "half_kept" if cuts.correlation > 0.1 else "not_kept"
        st.markdown(say(f"what_if.{verdict}", correlation=f"{cuts.correlation:+.2f}"))


def _cuts_chart(cuts: Cuts) -> go.Figure:
    """Predicted across, real upwards; a dot per cut, the numbers by rank."""
    names = [str(number) for number in range(1, len(cuts.predicted) + 1)]
    dots = go.Scatter(
        x=cuts.predicted, y=cuts.fell, mode="markers+text", text=names, textposition="top center", marker={"size": 10}
    )
    chart = go.Figure(dots).add_hline(0, line_color=GREY, line_dash="dot")
    share = cuts.unit == "share"
    chart.update_xaxes(
        title=say("what_if.predicted" if share else "what_if.predicted_target"), tickformat=".0%" if share else None
    )
    return chart.update_yaxes(title=say("what_if.real")).update_layout(height=260)


def _show_region(explanation: Explanation, bench: Bench) -> None:
    kept: Results[str, Kept] = session_results(REGIONS)
    key = explanation.fingerprint
    if key not in kept:
        request = FindSmallestRegion(explanation.attribution)
        kept[key] = ask(request, lambda now, seconds: (now.share, say("what_if.cutting")))
    found = kept[key]
    first = 1.0 if found.least is None else found.least
    share = st.select_slider(
        say("what_if.share"),
        [float(share) for share in found.shares],
        first,
        format_func=lambda share: f"{share:.0%}",
        key=f"what-if-share-{key}",
    )
    value = float(found.values[int(np.argmin(np.abs(found.shares - share)))])
    st.markdown(say("what_if.with_share", share=f"{share:.0%}", value=_shown(explanation, value)))
    told = "least" if found.least is not None else "never"
    least = "" if found.least is None else f"{found.least:.0%}"
    st.markdown(say(f"what_if.{told}", share=least, threshold=_shown(explanation, found.threshold)))
    show_chart(_region_chart(found, share), "what-if-region", alt=say("what_if.region"))
    patches = _highest(explanation, share)
    if st.button(say("what_if.show_region"), icon=":material/crop_free:", disabled=not patches):
        bench.take((Only(patches=patches),))
        st.rerun(scope="fragment")


def _highest(explanation: Explanation, share: float) -> tuple[int, ...]:
    """The patches of the highest relevance that make up a share of all."""
    scores = explanation.relevance.image.ravel()
    order = np.argsort(-scores, kind="stable")[: round(share * scores.size)]
    return tuple(sorted(int(patch) for patch in order))


def _region_chart(found: Kept, share: float) -> go.Figure:
    line = go.Scatter(x=found.shares, y=found.values, mode="lines+markers", line={"width": 3})
    chart = go.Figure(line).add_hline(found.threshold, line_dash="dot", line_color=GREY)
    chart.add_vline(share, line_color=GREY)
    chart.update_xaxes(title=say("what_if.share"), tickformat=".0%")
    return chart.update_yaxes(title=say("what_if.answer")).update_layout(height=220)


def _shown(explanation: Explanation, value: float) -> str:
    return f"{value:.0%}" if explanation.score_kind == "probability" else f"{value:.3f}"
