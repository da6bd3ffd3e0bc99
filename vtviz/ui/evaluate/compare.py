"""Another model on the same pairs: who ranks better, who decides better, and whether it may be chance."""

from __future__ import annotations

import streamlit as st

from vtviz.evaluation.figures.comparison import DecisionGap, RankingGap, compare_decisions, compare_rankings
from vtviz.evaluation.figures.scored import Scored
from vtviz.evaluation.runs.evaluation import Evaluation, common_pairs
from vtviz.jobs.history import Entry
from vtviz.ui.evaluate import charts
from vtviz.ui.evaluate.loaded import evaluation_of
from vtviz.ui.frame.charts import show_chart
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.resources import evaluation_jobs


def show_comparison(entry: Entry, evaluation: Evaluation, threshold: float) -> None:
    """Picks another evaluation of the same data and sets it beside this one."""
    others = {
        other.id: other.name
        for other in evaluation_jobs().history.all()
        if other.state == "done" and other.id != entry.id and other.manifest == entry.manifest
    }
    if not others:
        st.info(say("evaluate.compare_empty"), icon=":material/compare:")
        return
    chosen = st.selectbox(
        say("evaluate.compare_with"), list(others), format_func=others.__getitem__, key=f"evaluate-other-{entry.id}"
    )
    other = evaluation_of(chosen)
    mine, theirs = common_pairs(evaluation, other)
    if not len(mine):
        st.info(say("evaluate.compare_none"), icon=":material/compare:")
        return
    st.caption(say("evaluate.compare_pairs", pairs=len(mine), own=f"{threshold:.3g}", other=f"{other.start:.3g}"))
    first = evaluation.scored.where(mine)
    second = Scored(other.scores[theirs], first.labels, first.photos, first.photo_count)
    names = (evaluation.scorer.model, other.scorer.model)
    names = names if names[0] != names[1] else (f"{names[0]} ({entry.id})", f"{names[1]} ({chosen})")
    keys = [str(evaluation_jobs().history.folder_of(number)) for number in (entry.id, chosen)]  # ids come again
    gap = _ranking_gap((keys[0], evaluation.created), (keys[1], other.created), first, second)
    with st.container(border=True):
        st.markdown(say("evaluate.compare_one_category") if gap is None else ranking_words(gap, names))
        st.markdown(decision_words(compare_decisions(first, second, (threshold, other.start)), names))
    both = {names[0]: (first, threshold), names[1]: (second, other.start)}
    left, _ = st.columns(2)
    with left:
        show_chart(charts.roc_chart(both), "evaluate-compare-roc", keep=True, alt=say("evaluate.roc_help"))


@st.cache_resource(max_entries=16, show_spinner=False)
def _ranking_gap(own: tuple[str, str], other: tuple[str, str], _first: Scored, _second: Scored) -> RankingGap | None:
    """The comparison of rankings, which does not depend on the threshold and takes a while."""
    return compare_rankings(_first, _second)


def ranking_words(gap: RankingGap, names: tuple[str, str]) -> str:
    """Who ranks better, as a sentence; the better model's figure comes first."""
    flipped = gap.better == "second" or (gap.better is None and gap.difference < 0)
    low, high = gap.interval
    values = (
        (gap.second, gap.first, -gap.difference, -high, -low)
        if flipped
        else (gap.first, gap.second, gap.difference, low, high)
    )
    better, worse = reversed(names) if flipped else names
    shown = [f"{value:.3f}".replace("-", "−") for value in values]
    key = "evaluate.ranks_better" if gap.better else "evaluate.ranks_alike"
    return say(
        key,
        better=plain(better),
        worse=plain(worse),
        first=shown[0],
        second=shown[1],
        difference=shown[2],
        interval=f"[{shown[3]}, {shown[4]}]",
    )


def decision_words(gap: DecisionGap, names: tuple[str, str]) -> str:
    """Who decides better at the present thresholds, as a sentence."""
    own, other = map(plain, names)
    counts = say("evaluate.decides_counts", own=own, other=other, own_only=gap.first_only, other_only=gap.second_only)
    p = "< 0.001" if gap.p < 0.001 else f"= {gap.p:.3f}"
    if gap.better is None:
        return f"{counts} {say('evaluate.decides_alike', p=p)}"
    return f"{counts} {say('evaluate.decides_better', better=own if gap.better == 'first' else other, p=p)}"
