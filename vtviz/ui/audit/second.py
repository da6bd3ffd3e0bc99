"""An audit beside another one, and a bundle that somebody brings: what changed, and is it what was packed?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from vtviz.audit.contract.bundle.signature import SUFFIX
from vtviz.audit.contract.bundle.verify import Verification, verify_bundle
from vtviz.audit.contract.bundle.write import BUNDLE
from vtviz.audit.contract.compare import compare
from vtviz.audit.contract.compare_html import comparison_html, figure_title
from vtviz.errors import UserError
from vtviz.jobs.history import Entry, History
from vtviz.sentences import catalogue
from vtviz.ui.frame.language import current_language, plain, say, say_error, say_stored
from vtviz.ui.frame.names import method_name

LARGEST = 200  # MB of a bundle; the command line takes larger ones


def show_comparison(entry: Entry, history: History) -> None:
    """What changed between an earlier audit, which a person chooses, and this one."""
    others = {other.id: other for other in history.all() if other.state == "done" and other.id != entry.id}
    if not others:
        return
    with st.expander(say("contract.compare.title"), icon=":material/difference:"):
        chosen = st.selectbox(
            say("contract.compare.choose"),
            [*others],
            index=None,
            format_func=lambda number: others[number].name + f" · {number}",
            key=f"audit-compare-{entry.id}",
        )
        if chosen is None:
            return
        files = [history.folder_of(number) / "report.json" for number in (chosen, entry.id)]
        try:
            found = compare(*files)
        except UserError as error:
            st.error(plain(say_error(error)), icon=":material/error:")
            return
        _show_changes(found)
        page = comparison_html(found, current_language()).encode()
        name = "comparison.html"
        st.download_button(name, page, name, "text/html", icon=":material/description:", on_click="ignore")


def _show_changes(found: dict[str, Any]) -> None:
    moved, compared = found["moved"], found["compared"]
    if not compared:
        st.warning(say("contract.compare.nothing"), icon=":material/help:")
        return
    st.markdown(f"**{say('contract.compare.moved_count', moved=len(moved), compared=compared)}**")
    st.caption(say("contract.compare.moved_about"))
    if moved:
        sentences = catalogue(current_language())
        better = {True: say("contract.compare.better"), False: say("contract.compare.worse"), None: "–"}
        st.dataframe(
            {
                say("contract.gaps.what"): [_whose(item) for item in moved],
                say("audit.report.metric"): [figure_title(item, sentences) for item in moved],
                say("audit.report.group"): [_rows_of(item) for item in moved],
                **{
                    say(f"contract.compare.{side}"): [
                        f"{item[side]['value']:.3f} ({item[side]['low']:.3f}–{item[side]['high']:.3f})"
                        for item in moved
                    ]
                    for side in ("old", "new")
                },
                " ": [better[item["better"]] for item in moved],
            },
            hide_index=True,
        )
    for item in found["flipped"]:
        if item["count"] is not None:
            st.markdown(say("contract.compare.flipped_count", count=item["count"], both=item["both"]))
        if item["lost"]:
            st.markdown(say("contract.compare.lost", count=item["lost"]))
    several = len(found["rules"]) + len(found["checks"]) + len(found["orders"])
    if several:
        st.markdown(say("contract.compare.verdicts_count", count=several))


def _rows_of(item: dict[str, Any]) -> str:
    """Which rows a figure is about."""
    answers: str = item["answers"] and say(f"contract.rules.answers.{item['answers']}")
    return item["group"] or answers or "–"


def _whose(item: dict[str, Any]) -> str:
    if item["kind"] == "people":
        return say("contract.compare.people")
    return method_name(item["method"]) if item["method"] else say("contract.gaps.model")


def show_verification() -> None:
    """A bundle that somebody brings, checked."""
    with st.expander(say("contract.verify"), icon=":material/verified:"):
        st.caption(say("contract.verify.about"))
        left, right = st.columns(2)
        bundle = left.file_uploader(BUNDLE, type=["zip"], key="audit-verify", max_upload_size=LARGEST)
        signature = right.file_uploader(say("contract.verify.signature"), type=["sig"], key="audit-verify-signature")
        head = st.text_input(say("contract.verify.head"), key="audit-verify-head").strip()
        if bundle is None:
            return
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / BUNDLE
            file.write_bytes(bundle.getvalue())
            if signature is not None:
                file.with_name(BUNDLE + SUFFIX).write_bytes(signature.getvalue())
            try:
                found = verify_bundle(file, head=head or None)
            except UserError as error:
                st.error(plain(say_error(error)), icon=":material/error:")
                return
        _show_verified(found)


def _show_verified(found: Verification) -> None:
    if found.problems:
        st.error(say("contract.verify.broken"), icon=":material/cancel:")
    elif found.notes:
        st.warning(say("contract.verify.partly"), icon=":material/help:")
    else:
        st.success(say("contract.verify.whole"), icon=":material/check_circle:")
    for sentence in (*found.problems, *found.notes):
        st.markdown(f"- {plain(say_stored(sentence))}")
    if found.head:
        st.caption(say("contract.verify.parts", parts=found.parts, head=found.head))
    if found.signature is not None and found.signature.valid:
        st.caption(say("contract.verify.signed", signer=plain(found.signature.signer)))
