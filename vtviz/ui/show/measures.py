"""All measures of the explanation on the page, each with what it says and what random rankings get."""

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
from vtviz.ui.frame.waiting import ask
from vtviz.watch import Progress

KEPT = "measures"
MOST = 10  # results kept for a person
MARKS = {True: ":green[:material/check_circle:] ", False: ":red[:material/cancel:] ", None: ""}


def more_measures(explanation: Explanation, fill: Fill, quick: Faithfulness | None) -> None:
    """Measures everything when asked to, and lists it family by family; what the ``quick`` measure has is not taken
    again, and nothing is after a person has left in the middle and come back."""
    kept: dict[tuple[str, Fill], dict[str, Measured]] = st.session_state.setdefault(KEPT, {})
    with st.expander(say("measures.title"), key="measures-open", icon=":material/rule:", on_change="rerun") as opened:
        if not opened.open:
            return
        wanted = metrics_of(explanation)
        found = kept.get((explanation.fingerprint, fill), {})
        if len(found) < len(wanted):
            place = st.empty()
            with place.container():
                st.caption(say("measures.about", rankings=RANKINGS))
                asked = st.button(say("measures.run"), icon=":material/fact_check:")
            if not asked:
                return
            kept[(explanation.fingerprint, fill)] = found
            while len(kept) > MOST:
                del kept[next(iter(kept))]
            found.update(measured(quick) if quick else {})
            try:
                for done, metric in enumerate(wanted):
                    if metric.name not in found:
                        text = say("measures.running", metric=metric_name(metric), done=done + 1, total=len(wanted))
                        shown = partial(_still, done / len(wanted), text)
                        request = MeasureMetric(explanation.attribution, metric.name, fill)
                        found[metric.name] = ask(request, shown, place=place)
            finally:
                place.empty()
        _show([found[metric.name] for metric in wanted])


def _still(share: float, text: str, now: Progress, seconds: str) -> tuple[float, str]:
    """What the bar shows while one metric is taken."""
    return share, text


def _show(found: list[Measured]) -> None:
    for family, members in groupby(
        [each for each in found if each.own is not None], lambda each: find_metric(each.metric).family
    ):
        st.markdown(f"**{say(f'audit.family.{family}')}**")
        for each in members:
            beside = "" if each.random is None else say("measures.random", value=f"{each.random:.3f}")
            metric = find_metric(each.metric)
            facts = [fact for fact in (beside, say(f"audit.direction.{metric.direction}")) if fact]
            st.markdown(
                f"{MARKS[each.better]}{metric_name(metric)}: **{each.own:.3f}** :small[{' · '.join(facts)}]  \n"
                f":small[:gray[{metric_about(metric)}]]"
            )
    missing = [metric_name(find_metric(each.metric)) for each in found if each.own is None]
    if missing:
        st.caption(say("measures.none", names=", ".join(missing)))
    st.caption(say("measures.caution"))
