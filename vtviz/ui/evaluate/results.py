"""The results of an evaluation: a threshold, and every figure at it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from vtviz.evaluation.figures.confusion import CATEGORIES
from vtviz.evaluation.figures.reliability import reliability
from vtviz.evaluation.figures.table import FIGURES, best_f1, figures_at
from vtviz.evaluation.runs.evaluation import Evaluation
from vtviz.jobs.history import Entry
from vtviz.ui.evaluate import charts
from vtviz.ui.evaluate.address import keep, threshold_key
from vtviz.ui.evaluate.compare import show_comparison
from vtviz.ui.evaluate.downloads import show_downloads
from vtviz.ui.evaluate.loaded import evaluation_of
from vtviz.ui.evaluate.mistakes import show_mistakes
from vtviz.ui.evaluate.slices import show_slices
from vtviz.ui.evaluate.words import NOTHING, figure, model_name, score_word
from vtviz.ui.frame.charts import show_chart
from vtviz.ui.frame.language import plain, say, say_stored
from vtviz.ui.frame.trouble import errors_shown

REASONS = 3  # of pairs that could not be scored, the commonest first
STEPS = 200  # of a slider of scores that are no probabilities
PARTS = ("mistakes", "slices", "compare", "download")


def show_results(entry: Entry) -> None:
    """Everything about one evaluation. Raises InputError where its files are missing."""
    evaluation = evaluation_of(entry.id)
    labels = evaluation.labels
    about = {
        "pairs": len(labels),
        "photos": evaluation.scored.photo_count,
        "matches": int(labels.sum()),
        "mismatches": int((1 - labels).sum()),
    }
    st.caption(f"**{model_name(evaluation)}** · {say('evaluate.scored', **about)}")
    for why, count in sorted(evaluation.failures.items(), key=lambda item: -item[1])[:REASONS]:
        st.caption(f":orange[:material/warning:] {count} × {plain(say_stored(why))}")
    _at_threshold(entry)


@st.fragment
def _at_threshold(entry: Entry) -> None:
    """What depends on the threshold. A move of the slider runs this alone again."""
    with errors_shown(st.container()):
        evaluation = evaluation_of(entry.id)
        threshold = _ask_threshold(entry.id, evaluation)
        table = figures_at(evaluation.scored, threshold)
        keep(entry.id, threshold)
        _headline(evaluation, table)
        _matrix(evaluation, table)
        _curves(evaluation, threshold)
        tabs = st.tabs([say(f"evaluate.tab.{name}") for name in PARTS], key="evaluate-tabs", on_change="rerun")
        shows = (show_mistakes, show_slices, show_comparison, show_downloads)
        for tab, show in zip(tabs, shows, strict=True):
            if tab.open:
                with tab:
                    show(entry, evaluation, threshold)


def _ask_threshold(number: int, evaluation: Evaluation) -> float:
    """The slider, and buttons that bring the model's own threshold or the best one on these pairs."""
    key, scores = threshold_key(number), evaluation.scores
    is_probability = evaluation.scorer.score_kind == "probability"
    low, high = (0.0, 1.0) if is_probability else (float(scores.min()), float(scores.max()))
    high = high if high > low else low + 1.0
    step = 0.01 if is_probability else (high - low) / STEPS
    start = float(st.session_state.get(key, evaluation.start))
    if key not in st.session_state or not low <= start <= high:
        st.session_state[key] = min(max(start, low), high)
    with st.container(key="evaluate-slider"):  # it stays in view, as theme.css says
        chosen: float = st.slider(
            say("evaluate.threshold"),
            low,
            high,
            step=step,
            key=key,
            format="%.2f" if is_probability else "%.3f",
            help=say("evaluate.threshold_help"),
            persist_state="session",
        )
    own, best = evaluation.scorer.threshold, best_f1(evaluation.scored)
    with st.container(horizontal=True, gap="xsmall"):
        _bring(
            "own", key, own, say("evaluate.own_threshold" if own is not None else "evaluate.no_threshold", value=own)
        )
        _bring("best", key, best, say("evaluate.best_threshold", value=NOTHING if best is None else f"{best:.3g}"))
    return chosen


def _bring(name: str, key: str, value: float | None, label: str) -> None:
    """A button that moves the slider to a value."""
    st.button(
        label,
        on_click=lambda: st.session_state.update({key: value}),
        disabled=value is None,
        help=say(f"evaluate.{name}_help"),
        key=f"evaluate-{name}",
        type="tertiary",
        icon=":material/my_location:",
    )


def _headline(evaluation: Evaluation, table: dict[str, Any]) -> None:
    """Accuracy, AUC and calibration error at a glance."""
    found = reliability(evaluation.scored) if evaluation.scorer.score_kind == "probability" else None
    accuracy, auc = table["accuracy"], evaluation.ranking["auc"]
    with st.container(horizontal=True, key="evaluate-headline"):
        _metric("accuracy", "–" if accuracy["value"] is None else f"{accuracy['value']:.1%}", _between(accuracy, "%"))
        _metric("auc", "–" if auc["value"] is None else f"{auc['value']:.3f}", _between(auc, "f"))
        if found is not None:
            _metric("ece", f"{found.ece:.3f}", None)


def _metric(name: str, value: str, between: str | None) -> None:
    st.metric(
        say(f"evaluate.{name}"),
        value,
        between,
        delta_color="off",
        delta_arrow="off",
        help=say(f"evaluate.{name}_help"),
        width="content",
        height="stretch",
        border=True,
    )


def _between(estimate: dict[str, float | None], kind: str) -> str | None:
    low, high = estimate["low"], estimate["high"]
    if low is None or high is None:
        return None
    shown = f"{low:.1%} – {high:.1%}" if kind == "%" else f"{low:.3f} – {high:.3f}"
    return say("evaluate.interval", interval=shown)


def _matrix(evaluation: Evaluation, table: dict[str, Any]) -> None:
    """The confusion matrix beside the table of both categories."""
    left, right = st.columns(2, gap="medium")
    with left:
        _title("confusion")
        alt = say("evaluate.confusion_alt", **table["confusion"])
        show_chart(charts.confusion_chart(table["confusion"]), "evaluate-confusion", keep=True, alt=alt)
    with right:
        _title("categories")
        rows = {say("evaluate.right"): [str(table[name]["right"]) for name in CATEGORIES]}
        rows[say("evaluate.wrong")] = [str(table[name]["wrong"]) for name in CATEGORIES]
        for name in FIGURES:
            rows[say(f"evaluate.{name}")] = [figure(table[category][name]) for category in CATEGORIES]
        average = evaluation.ranking["average_precision"]
        rows[say("evaluate.average_precision")] = [figure(average[name]) for name in CATEGORIES]
        columns = {
            say(f"evaluate.category.{name}"): [row[i] for row in rows.values()] for i, name in enumerate(CATEGORIES)
        }
        st.table({say("evaluate.figure"): list(rows), **columns}, hide_index=True, border="horizontal")
        st.caption(say("evaluate.intervals_about", photos=evaluation.scored.photo_count))


def _curves(evaluation: Evaluation, threshold: float) -> None:
    """ROC, precision and recall, reliability, and the scores themselves."""
    scored, is_probability = evaluation.scored, evaluation.scorer.score_kind == "probability"
    left, right = st.columns(2, gap="medium")
    with left:
        _title("roc")
        chart = charts.roc_chart({evaluation.scorer.model: (scored, threshold)})
        show_chart(chart, "evaluate-roc", keep=True, alt=say("evaluate.roc_help"))
    with right:
        _title("pr")
        chart = charts.precision_recall_chart(scored, threshold)
        show_chart(chart, "evaluate-pr", keep=True, alt=say("evaluate.pr_help"))
    with left:
        _title("histogram")
        chart = charts.histogram_chart(scored, threshold, score_word(evaluation), is_probability)
        show_chart(chart, "evaluate-histogram", keep=True, alt=say("evaluate.histogram_help"))
    with right:
        _title("reliability")
        found = reliability(scored) if is_probability else None
        if found is None:
            st.info(say("evaluate.no_reliability"), icon=":material/info:")
        else:
            chart = charts.reliability_chart(found)
            show_chart(chart, "evaluate-reliability", keep=True, alt=say("evaluate.reliability_help"))


def _title(name: str) -> None:
    st.markdown(f"**{say(f'evaluate.{name}')}**", help=say(f"evaluate.{name}_help"))
