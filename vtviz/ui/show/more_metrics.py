"""All metrics of the explanation on the page, each with what it says and what random rankings get."""

from __future__ import annotations

from functools import partial
from itertools import groupby

import streamlit as st

from vtviz.attribution.masked import Fill
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.faithfulness import RANKINGS, Faithfulness
from vtviz.engine.requests.metrics import Measured, MeasureMetric, measured, metrics_of
from vtviz.metrics.registry import find_metric
from vtviz.ui.frame.language import say
from vtviz.ui.frame.names import metric_about, metric_name
from vtviz.ui.frame.results import Results, session_results
from vtviz.ui.frame.waiting import ask
from vtviz.watch import Progress

KEPT = "more-metrics"
MOST = 10  # explanations whose metrics are kept
MARKS = {True: ":green[:material/check_circle:] ", False: ":red[:material/cancel:] ", None: ""}


def more_metrics(explanation: Explanation, fill: Fill, quick: Faithfulness | None) -> None:
    """Measures everything on demand, and lists it family by family. What ``quick`` holds is not measured again, nor is
    what was measured before a person left halfway and came back."""
    kept: Results[tuple[str, Fill], dict[str, Measured]] = session_results(KEPT, MOST)
    title = say("measures.title")
    with st.expander(title, key="more-metrics-open", icon=":material/rule:", on_change="rerun") as opened:
        if not opened.open:
            return
        wanted = metrics_of(explanation)
        values = kept.get((explanation.fingerprint, fill), {})
        if len(values) < len(wanted):
            offer = st.empty()
            with offer.container():
                st.caption(say("measures.about", rankings=RANKINGS))
                asked = st.button(say("measures.run"), icon=":material/fact_check:")
            if not asked:
                return
            kept[(explanation.fingerprint, fill)] = values
            values.update(measured(quick) if quick else {})
            try:
                for done, metric in enumerate(wanted):
                    if metric.name not in values:
                        name, total = metric_name(metric.name), len(wanted)
                        text = say("measures.running", metric=name, done=done + 1, total=total)
                        request = MeasureMetric(explanation.attribution, metric.name, fill)
                        values[metric.name] = ask(request, partial(_still, done / total, text), area=offer)
            finally:
                offer.empty()
        _show([values[metric.name] for metric in wanted])


def _still(share: float, text: str, now: Progress, seconds: str) -> tuple[float, str]:
    """What the bar shows while one metric is measured."""
    return share, text


def _show(values: list[Measured]) -> None:
    known = [value for value in values if value.own is not None]
    for family, members in groupby(known, lambda value: find_metric(value.metric).family):
        st.markdown(f"**{say(f'audit.family.{family}')}**")
        for value in members:
            _show_value(value)
    missing = [metric_name(value.metric) for value in values if value.own is None]
    if missing:
        st.caption(say("measures.none", names=", ".join(missing)))
    st.caption(say("measures.caution"))


def _show_value(value: Measured) -> None:
    facts = [] if value.random is None else [say("measures.random", value=f"{value.random:.3f}")]
    facts.append(say(f"audit.direction.{find_metric(value.metric).direction}"))
    st.markdown(
        f"{MARKS[value.better]}{metric_name(value.metric)}: **{value.own:.3f}** :small[{' · '.join(facts)}]  \n"
        f":small[:gray[{metric_about(value.metric)}]]"
    )
