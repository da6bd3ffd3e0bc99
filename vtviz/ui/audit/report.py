"""The report of an audit: its findings, its figures, and the files to keep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from vtviz.audit.contract.bundle.write import BUNDLE, SHEETS
from vtviz.audit.report.best_and_worst import PICTURES
from vtviz.audit.report.files import archive, damage_told, stored_report
from vtviz.audit.report.html import to_html
from vtviz.audit.report.verdict import Verdict, verdicts
from vtviz.audit.settings import RANDOM
from vtviz.ui.audit.headline import show_headline, show_rules
from vtviz.ui.audit.model import show_model, show_more
from vtviz.ui.frame.charts import GREY, show_chart
from vtviz.ui.frame.language import current_language, plain, say, say_stored
from vtviz.ui.frame.names import method_name, metric_name

MARKS = {
    "good": ":green[:material/check_circle:]",
    "bad": ":red[:material/cancel:]",
    "unsure": ":orange[:material/help:]",
}
READER_HEIGHT = 900  # pixels
REASONS = 3  # of failed rows, the commonest first


def show_report(folder: Path) -> None:
    """The findings of each method, the figures as a chart, downloads. Raises InputError where the report is damaged."""
    with damage_told(folder):
        _show(folder, stored_report(folder))


def _show(folder: Path, report: dict[str, Any]) -> None:
    for note in report["inputs"].get("notes", ()):
        st.caption(plain(say_stored(note)))
    counts = report["summary"]["rows"]
    for model, rows in counts.items():
        st.caption(say("audit.done", model=plain(model), **rows))
    for why, count in list(report["summary"]["failures"].items())[:REASONS]:
        st.caption(f"{count} × {plain(say_stored(why))}")
    for note, count in report["summary"].get("notes", {}).items():
        st.caption(f"{count} × {plain(say_stored(note))}")
    show_headline(folder, report, _method)
    show_rules(report, _method, _metric)
    show_model(report)
    show_more(report, _method, _metric)
    _downloads(folder, report)
    _show_sheets(folder, report)
    columns = [(m["name"], method) for m in report["models"] for method in m["methods"]]
    for start in range(0, len(columns), 2):
        for column, (model, method) in zip(st.columns(2), columns[start : start + 2], strict=False):
            with column.container(border=True):
                title = plain(_method(report, method))
                st.markdown(f"**{title}**" + (f" · {plain(model)}" if len(report["models"]) > 1 else ""))
                for verdict in verdicts(report, model, method):
                    st.markdown(f"{MARKS[verdict.tone]} {_sentence(report, verdict)}")
    if st.toggle(say("audit.read"), key="audit-read"):
        st.iframe(_page(folder, report), height=READER_HEIGHT)
        return
    for model in report["summary"]["metrics"]:
        show_chart(_chart(report, model), f"audit-chart-{model}")


def _sentence(report: dict[str, Any], verdict: Verdict) -> str:
    values = {name: f"{v:.3f}" if isinstance(v, float) else v for name, v in verdict.values.items()}
    if "metric" in values:
        values["metric"] = plain(_metric(report, str(values["metric"])))
    if "reason" in values:
        values |= {"check": say(f"audit.check.{values['check']}"), "reason": plain(say_stored(str(values["reason"])))}
    return say(f"audit.{verdict.key}", **{name: "–" if value is None else value for name, value in values.items()})


def _method(report: dict[str, Any], name: str) -> str:
    return say("audit.random") if name == RANDOM else method_name(name, report["methods"][name]["label"])


def _metric(report: dict[str, Any], name: str) -> str:
    return metric_name(name, report["metrics"][name]["label"])


def _page(folder: Path, report: dict[str, Any]) -> str:
    """report.html in the language of the page."""
    pictures = {file.name: file.read_bytes() for file in (folder / PICTURES).glob("*.jpg")}
    return to_html(report, pictures, current_language())


def _downloads(folder: Path, report: dict[str, Any]) -> None:
    files = (
        ("report.html", lambda: _page(folder, report).encode(), "text/html", ":material/description:"),
        ("report.json", (folder / "report.json").read_bytes, "application/json", ":material/data_object:"),
        ("rows.parquet", (folder / "rows.parquet").read_bytes, "application/vnd.apache.parquet", ":material/table:"),
        (*_packed(folder), "application/zip", ":material/folder_zip:"),
    )
    with st.container(horizontal=True):
        for name, make, mime, icon in files:
            st.download_button(name, make, name, mime, icon=icon, on_click="ignore", key=f"audit-{name}")


def _show_sheets(folder: Path, report: dict[str, Any]) -> None:
    """The pages for the persons concerned, where some were asked for."""
    files = [folder / SHEETS / f"row-{item['row']}.html" for item in report.get("sheets") or ()]
    if files:
        with st.container(horizontal=True):
            for file in files:
                st.download_button(
                    file.name, file.read_bytes, file.name, "text/html", icon=":material/person:", on_click="ignore",
                    key=f"audit-sheet-{file.name}",
                )  # fmt: skip
    for item in report.get("sheets_missing") or ():
        st.caption(say("contract.sheets.missing", row=item["row"], reason=plain(say_stored(item["reason"]))))


def _packed(folder: Path) -> tuple[str, Callable[[], bytes]]:
    """The bundle, or the files of an audit of an earlier version, which has none."""
    bundle = folder / BUNDLE
    return (BUNDLE, bundle.read_bytes) if bundle.is_file() else ("audit.zip", lambda: archive(folder))


def _chart(report: dict[str, Any], model: str) -> go.Figure:
    """Means with their intervals, one colour per method, random in grey."""
    chart = go.Figure()
    for method, values in report["summary"]["metrics"][model].items():
        names = [name for name in report["metrics"] if name in values]
        means = [values[name]["mean"] for name in names]
        chart.add_scatter(
            x=means,
            y=[_metric(report, name) for name in names],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [values[name]["high"] - mean for name, mean in zip(names, means, strict=True)],
                "arrayminus": [mean - values[name]["low"] for name, mean in zip(names, means, strict=True)],
            },
            mode="markers",
            orientation="h",
            name=_method(report, method),
            marker={"size": 10, **({"color": GREY} if method == RANDOM else {})},
        )
    rows = max(len(values) for values in report["summary"]["metrics"][model].values())
    return chart.update_layout(height=120 + 38 * rows, yaxis_autorange="reversed", scattermode="group")
