"""The first part of a report on the page: its terms, the model, a line and three lights per method, four pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from vtviz.audit.report.best_and_worst import PICTURES
from vtviz.audit.report.gaps import FEWEST
from vtviz.audit.report.headline import Headline, headlines, pictured, rejected
from vtviz.audit.report.html import shares
from vtviz.audit.report.model import FIGURES
from vtviz.ui.frame.language import plain, say

LIGHTS = {"good": ":green-badge", "bad": ":red-badge", "unsure": ":gray-badge"}
ICONS = {"good": ":material/check:", "bad": ":material/close:", "unsure": ":material/question_mark:"}
TONES = {"passed": "good", "failed": "bad", "not_measured": "unsure"}
Named = Callable[[dict[str, Any], str], str]  # of a report and the name of a method or metric


def show_headline(folder: Path, report: dict[str, Any], method: Named) -> None:
    """What the report comes to, in a few lines."""
    for item in rejected(report):
        key = "rejected" if item["rejected"] else "none_rejected"
        st.markdown(say(f"contract.headline.{key}", **{**item, "model": plain(item["model"])}))
    for line in headlines(report):
        values = {name: f"{value:.2f}" if isinstance(value, float) else value for name, value in line.values.items()}
        title = plain(method(report, line.method))
        several = f" · {plain(line.model)}" if len(report["models"]) > 1 else ""
        lights = " ".join(
            f"{LIGHTS[tone]}[{ICONS[tone]} "
            f"{say('contract.light', what=say(f'contract.light.{name}'), how=say(f'contract.light.{tone}'))}]"
            for name, tone in line.lights.items()
        )
        found = (
            "".join(
                " " + say(f"planted.found.{part}", **shares(rates[part])) for part in ("photo", "text") if part in rates
            )
            if (rates := _planted(report, line))
            else ""
        )
        st.markdown(f"**{title}**{several} {say(f'contract.{line.key}', **values)}{found}  \n{lights}")
    cases = [case for case in pictured(report) if (folder / PICTURES / case["picture"]).is_file()]
    for column, case in zip(st.columns(len(cases)) if cases else (), cases, strict=True):
        kind = say(f"contract.headline.{case['kind']}")
        about = f"{plain(case['text'])}  \n{kind}"
        column.image(str(folder / PICTURES / case["picture"]), caption=about, alt=kind)


def _planted(report: dict[str, Any], line: Headline) -> dict[str, Any]:
    """How often the method found what was planted; empty where nothing was."""
    figures: dict[str, Any] = report["summary"].get("planted", {}).get(line.model, {}).get("methods", {})
    return dict(figures.get(line.method, {}))


def show_rules(report: dict[str, Any], method: Named, metric: Named) -> None:
    """The verdicts of the rules, where there are some."""
    if not report.get("rules"):
        return
    outcomes = report["rules"]["outcomes"]
    counts = {verdict: sum(item["verdict"] == verdict for item in outcomes) for verdict in TONES}
    values = {"failed": counts["failed"], "missing": counts["not_measured"], "passed": counts["passed"]}
    met = report["rules"]["met"]
    box, icon = (st.success, ":material/check_circle:") if met else (st.error, ":material/cancel:")
    box(say("contract.rules.met") if met else say("contract.rules.not_met", **values), icon=icon)
    with st.expander(say("contract.rules"), expanded=not met):
        st.caption(say("contract.rules.about"))
        st.dataframe(
            {
                say("contract.rules.rule"): [
                    item["name"] or say("contract.rules.number", number=item["rule"]) for item in outcomes
                ],
                say("contract.rules.where"): [_where(report, item, method, metric) for item in outcomes],
                say("contract.rules.bound"): [
                    say(f"contract.bound.{item['bound']}", limit=item["limit"]) for item in outcomes
                ],
                say("contract.rules.found"): [_found(item) for item in outcomes],
                say("contract.rules.verdict"): [say(f"contract.verdict.{item['verdict']}") for item in outcomes],
            },
            hide_index=True,
        )


def _found(item: dict[str, Any]) -> str:
    """What an outcome rests on: the figure with its interval, and what is lacking to judge it."""
    if item["value"] is None:
        return "–"
    few = [say("contract.rules.few", rows=item["rows"], needed=item["needed"])] if item["rows"] < item["needed"] else []
    if item.get("left_out"):
        few.append(say("contract.gaps.too_few", fewest=FEWEST, groups=", ".join(item["left_out"])))
    return " · ".join([estimate_cell(item), *few])


def estimate_cell(figure: dict[str, Any] | None) -> str:
    """A figure with its interval in a cell of a table."""
    if not figure or figure["value"] is None:
        return "–"
    ends = "" if figure["low"] is None else f" ({figure['low']:.2f}–{figure['high']:.2f})"
    return f"{figure['value']:.2f}{ends}".replace("-", "−")


def _where(report: dict[str, Any], item: dict[str, Any], method: Named, metric: Named) -> str:
    """What an outcome is about, in words."""
    figure = say(f"contract.figure.{item['metric']}") if item["metric"] in FIGURES else metric(report, item["metric"])
    parts = [figure, item["model"], method(report, item["method"]) if item["method"] else ""]
    parts.append(say("contract.rules.group", group=item["group"]) if item["group"] else "")
    parts.append(say(f"contract.rules.answers.{item['answers']}") if item["answers"] else "")
    return " · ".join(filter(None, parts))
