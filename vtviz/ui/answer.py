"""The answer, what was measured on the way to it, and the files to keep."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.export import to_json, token_scores
from vtviz.engine.heads import head_entropies
from vtviz.engine.run import STAGES
from vtviz.render.lens.page import lens_page
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensView
from vtviz.ui.colours import coloured
from vtviz.ui.heads import show_heads
from vtviz.ui.language import current_language, plain, say, say_stored


def verdict(explanation: Explanation) -> tuple[bool, str, str]:
    """Whether the answer is a sure match, the icon of the verdict, and its sentence."""
    if explanation.threshold is None:
        return False, ":material/balance:", say("model.uncalibrated")
    limit = f"{explanation.threshold:.0%}"
    if explanation.unknown:
        unknown = dict.fromkeys(explanation.tokens.words[place].text for place in explanation.unknown)
        words = ", ".join(f"“{plain(word)}”" for word in unknown)
        return False, ":material/help:", say("answer.unknown", words=words)
    if explanation.is_match:
        return True, ":material/check_circle:", say("answer.match", threshold=limit)
    return False, ":material/cancel:", say("answer.mismatch", threshold=limit)


def score_shown(explanation: Explanation) -> tuple[str, str, str]:
    """What the score is called, its value, and what it means."""
    kind = explanation.score_kind
    if kind == "probability":
        digits = 0 if explanation.threshold is not None else 2
        return say("answer.score"), f"{explanation.score:.{digits}%}", say("answer.score_help")
    return say(f"model.score_{kind}"), f"{explanation.score:.3f}", say(f"model.score_{kind}_help")


def show_verdict(explanation: Explanation) -> None:
    """The match score, and what it means."""
    score, meaning = st.columns([1, 4], vertical_alignment="center")
    label, value, about = score_shown(explanation)
    score.metric(label, value, help=about)
    sure, icon, sentence = verdict(explanation)
    called = meaning.info if explanation.is_match is None else meaning.warning
    (meaning.success if sure else called)(sentence, icon=icon)
    if explanation.tokens.truncated:
        st.info(say("answer.truncated", count=len(explanation.tokens.words)), icon=":material/content_cut:")


def show_downloads(explanation: Explanation, view: LensView, alt: str, pinned: LensSettings) -> None:
    """The lens as a page of its own, explanation.json, and a table of scores."""
    language = current_language()
    st.download_button(
        say("answer.page"),
        lambda: lens_page(view, alt, explanation.tokens.text, pinned, language=language),
        f"vtviz-{explanation.fingerprint}.html",
        "text/html",
        icon=":material/web:",
        help=say("answer.page_help"),
        on_click="ignore",
    )
    st.download_button(
        "explanation.json",
        lambda: to_json(explanation),
        "explanation.json",
        "application/json",
        icon=":material/data_object:",
        on_click="ignore",
    )
    st.download_button(
        say("export.table"),
        lambda: token_scores(explanation),
        f"vtviz-{explanation.fingerprint}.csv",
        "text/csv",
        icon=":material/table:",
        help=say("export.table_help"),
        on_click="ignore",
    )


def show_metrics(explanation: Explanation) -> None:
    """Time of each stage, device, memory, and what each head of the model did."""
    st.subheader(say("metrics.title"))
    timings = explanation.timings_ms
    values = {
        "metrics.total": f"{timings['total']:.0f} ms",
        "metrics.memory": f"{explanation.memory_mb:.0f} MiB",
        "metrics.entropy": f"{_chosen_entropy(explanation):.2f}",
        "metrics.patches": f"{explanation.grid[0]} × {explanation.grid[1]}",
    }
    for column, (key, value) in zip(st.columns(4), values.items(), strict=True):
        column.metric(say(key), value, help=say(f"{key}_help"))
    st.caption(say("metrics.device", device=say_stored(explanation.device), model=explanation.model))
    with st.expander(say("metrics.charts"), key="charts", icon=":material/bar_chart:", on_change="rerun") as charts:
        if charts.open:  # drawing charts that nobody looks at would slow every new text
            _show_charts(explanation)


def _show_charts(explanation: Explanation) -> None:
    st.markdown(f"**{say('metrics.stages')}**")
    st.plotly_chart(coloured(_timings_chart(explanation.timings_ms)), key="timings", config={"displayModeBar": False})
    show_heads(explanation)


def _chosen_entropy(explanation: Explanation) -> float:
    values = head_entropies(explanation)
    return float(values[explanation.layer if explanation.main_kind == "text→image" else -1].mean())


def _timings_chart(timings: dict[str, float]) -> go.Figure:
    names = [say(f"stage.{stage}") for stage in STAGES]
    values = [timings[stage] for stage in STAGES]
    bars = go.Bar(
        x=values, y=names, orientation="h", text=[f"{v:.0f} ms" for v in values], textposition="auto", cliponaxis=False
    )
    return go.Figure(bars).update_layout(
        height=230, margin={"l": 0, "r": 30, "t": 5, "b": 5}, yaxis_autorange="reversed", xaxis_title="ms"
    )
