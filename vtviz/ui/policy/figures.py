"""How often each rule of a policy was right, at its threshold and at any other."""

from __future__ import annotations

from dataclasses import asdict

import orjson
import plotly.graph_objects as go
import streamlit as st

from vtviz.engine.jobs.policies import policy_of
from vtviz.jobs.history import Entry
from vtviz.tasks.policy.evaluate import RuleFigures, figures_dict
from vtviz.tasks.policy.policy import Policy
from vtviz.ui.frame.charts import GREY, show_chart
from vtviz.ui.frame.language import plain, say, say_stored
from vtviz.ui.frame.resources import policy_jobs

HEIGHT = 280
REASONS = 3


@st.fragment
def show_figures(entry: Entry) -> None:
    """A row for each rule, and the curves of one. The wanted precision moves the suggestions alone."""
    policy, scored = policy_of(entry), policy_jobs().scored(entry)
    st.caption(say("policy.scored", rows=len(scored.scores), model=plain(policy.model)))
    for why in list(dict.fromkeys(scored.failed.values()))[:REASONS]:
        st.caption(f":orange[:material/warning:] {plain(say_stored(why))}")
    if not scored.scores:
        st.info(say("policy.no_rows"), icon=":material/rule:")
        return
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    precision = left.slider(
        say("policy.precision"),
        0.5,
        1.0,
        0.95,
        0.01,
        key=f"policy-precision-{entry.id}",
        help=say("policy.precision_help"),
    )
    figures = scored.figures(policy, precision)
    right.download_button(
        "figures.json",
        lambda: orjson.dumps(
            figures_dict(policy, scored.weights_sha256, figures, precision), option=orjson.OPT_INDENT_2
        ),
        f"policy-{entry.id}-figures.json",
        "application/json",
        icon=":material/data_object:",
        on_click="ignore",
    )
    st.dataframe([_row(item, policy) for item in figures], hide_index=True)
    st.caption(say("policy.few"))
    drawn = [item for item in figures if item.curve]
    if not drawn:
        return
    names = [item.rule for item in drawn]
    chosen = st.selectbox(say("policy.rule"), names, key=f"policy-rule-{entry.id}")
    item = drawn[names.index(chosen)]
    rule = next(rule for rule in policy.rules if rule.name == chosen)
    one, two = st.columns(2, gap="medium")
    with one:
        st.markdown(f"**{say('policy.curve')}**", help=say("policy.curve_help"))
        show_chart(_curve(item, rule.threshold), f"policy-curve-{entry.id}", keep=True, alt=say("policy.curve"))
    with two:
        st.markdown("**ROC**", help=say("policy.roc_help"))
        if item.roc:
            show_chart(_roc(item), f"policy-roc-{entry.id}", keep=True, alt="ROC")
        else:
            st.caption(say("policy.no_roc"))
    if item.suggested is not None:
        values = {name: f"{value:.3f}" for name, value in asdict(item.suggested).items()}
        values["threshold"] = f"{item.suggested.threshold:.15g}"  # to be typed into the policy: no digit less
        st.markdown(say("policy.suggested", rule=plain(chosen), wanted=f"{precision:.2f}", **values))
    else:
        st.markdown(say("policy.no_suggestion", rule=plain(chosen), wanted=f"{precision:.2f}"))


def _row(item: RuleFigures, policy: Policy) -> dict[str, object]:
    rule = next(rule for rule in policy.rules if rule.name == item.rule)
    numbers = {
        "precision_at": item.precision,
        "recall": item.recall,
        "auc": item.roc_auc,
        "average": item.average_precision,
    }
    suggestion = "–" if item.suggested is None else f"{item.suggested.threshold:.15g}"
    return {
        say("policy.rule"): item.rule,
        say("policy.rows"): str(item.rows),
        say("policy.positives"): str(item.positives),
        say("policy.threshold"): f"{rule.threshold:.2f}",
        **{say(f"policy.{name}"): "–" if value is None else f"{value:.3f}" for name, value in numbers.items()},
        say("policy.suggestion"): suggestion,
    }


def _curve(item: RuleFigures, threshold: float) -> go.Figure:
    """Precision and recall at every threshold that makes a difference, with lines at the present and suggested one."""
    points = sorted(item.curve, key=lambda point: point.threshold)
    chart, x = go.Figure(), [point.threshold for point in points]
    for name, dash in (("precision", "solid"), ("recall", "dash")):
        y = [getattr(point, name) for point in points]
        label = say("policy.precision_at" if name == "precision" else "policy.recall")
        chart.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            name=label,
            line={"dash": dash, "width": 2.5},
            hovertemplate="%{x:.3f}: %{y:.3f}<extra></extra>",
        )
    marks = {threshold: ("dash", "policy.threshold")}
    if item.suggested is not None:
        marks[item.suggested.threshold] = "dot", "policy.suggestion"
    for (at, (dash, words)), side in zip(sorted(marks.items()), ("bottom left", "bottom right"), strict=False):
        line = {"dash": dash, "color": GREY, "width": 2}
        chart.add_vline(at, line=line, annotation_text=say(words), annotation_position=side)
    chart.update_layout(height=HEIGHT)
    return chart.update_xaxes(title=say("policy.threshold")).update_yaxes(range=[-0.03, 1.03])


def _roc(item: RuleFigures) -> go.Figure:
    x, y = zip(*item.roc, strict=True)
    chart = go.Figure()
    chart.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": GREY}, hoverinfo="skip", showlegend=False
    )
    chart.add_scatter(x=x, y=y, mode="lines", line={"width": 2.5}, name=item.rule, showlegend=False)
    chart.update_layout(height=HEIGHT)
    chart.update_xaxes(title=say("policy.false_rate"), range=[-0.03, 1.03])
    return chart.update_yaxes(title=say("policy.true_rate"), range=[-0.03, 1.03])
