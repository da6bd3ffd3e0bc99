"""The model itself on the page, before its explanations: how right it is, by group, and what differs between groups."""

from __future__ import annotations

from typing import Any

import streamlit as st

from vtviz.audit.report.gaps import FEWEST
from vtviz.audit.report.model import FIGURES
from vtviz.ui.audit.headline import Named, estimate_cell
from vtviz.ui.frame.language import plain, say

Report = dict[str, Any]


def show_model(report: Report) -> None:
    """The figures of each model over all rows and by group, each with its interval."""
    summary = report["summary"]
    for model, found in summary.get("model", {}).items():
        every = found["all"]
        several = f" · {plain(model)}" if len(summary["model"]) > 1 else ""
        st.markdown(f"**{say('contract.model')}**{several}")
        notes = [] if every["mismatches"] else [say("contract.model.only_matches")]
        notes += [] if found["threshold"] is not None else [say("contract.model.no_threshold")]
        if notes:
            st.caption(" ".join(notes))
        parts = {say("contract.model.all"): every, **found["groups"]}
        st.dataframe(
            {
                say("contract.model.rows"): [*parts],
                say("contract.model.photos"): [part.get("photos", part["pairs"]) for part in parts.values()],
                **{
                    say(f"contract.figure.{name}"): [estimate_cell(part.get(name)) for part in parts.values()]
                    for name in FIGURES
                    if every.get(name)
                },
            },
            hide_index=True,
        )


def show_more(report: Report, method: Named, metric: Named) -> None:
    """Gaps between groups, the agreement of methods and the choices, each closed until somebody asks."""
    summary = report["summary"]
    if summary.get("groups"):
        with st.expander(say("contract.gaps"), icon=":material/groups:"):
            _show_gaps(report, method, metric)
    agreement = {model: found for model, found in (summary.get("agreement") or {}).items() if found}
    if agreement:
        with st.expander(say("contract.agreement"), icon=":material/join_inner:"):
            st.caption(say("contract.agreement.about"))
            for found in agreement.values():
                names = [method(report, name) for name in found["methods"]]
                for kind in ("rank", "overlap"):
                    st.markdown(f"**{say(f'contract.agreement.{kind}')}**")
                    columns = zip(names, found[kind], strict=True)
                    st.dataframe(
                        {"": names, **{name: [_number(value, 2) for value in row] for name, row in columns}},
                        hide_index=True,
                    )
    choices = {model: found for model, found in (summary.get("choices") or {}).items() if found}
    if choices:
        with st.expander(say("contract.choices"), icon=":material/alt_route:"):
            st.caption(say("contract.choices.about"))
            for found in choices.values():
                for name in ("insertion", "deletion"):
                    one = found[name]
                    values = {"best": f"{one['best']:.0%}", "tau": _number(one["tau"], 2)}
                    told = say(f"contract.choices.{'same' if one['same'] else 'other'}", **values)
                    st.markdown(f"**{metric(report, name)}** {told}")


def _show_gaps(report: Report, method: Named, metric: Named) -> None:
    gaps = report["summary"].get("gaps") or []
    if not gaps:
        st.caption(say("contract.gaps.none", fewest=FEWEST))
        return
    st.caption(say("contract.gaps.about"))
    few = list(dict.fromkeys(name for gap in gaps for name in gap["too_few"]))
    if few:
        st.caption(say("contract.gaps.too_few", fewest=FEWEST, groups=plain(", ".join(few))))
    named = [
        say(f"contract.figure.{gap['metric']}") if gap["metric"] in FIGURES else metric(report, gap["metric"])
        for gap in gaps
    ]
    st.dataframe(
        {
            say("contract.gaps.what"): [
                method(report, gap["method"]) if gap["method"] else say("contract.gaps.model") for gap in gaps
            ],
            say("audit.report.metric"): named,
            say("contract.gaps.high"): [gap["best"] for gap in gaps],
            say("contract.gaps.low"): [gap["worst"] for gap in gaps],
            say("contract.gaps.gap"): [estimate_cell({**gap, "value": gap["gap"]}) for gap in gaps],
            "p": [_number(gap["p_adjusted"], 4) for gap in gaps],
            say("contract.gaps.detectable"): [_number(gap["detectable"], 3) for gap in gaps],
        },
        hide_index=True,
    )


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")
