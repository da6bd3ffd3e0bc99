"""The terms of an audit: who answers for what, and what the report must show."""

from __future__ import annotations

import streamlit as st

from vtviz.audit.contract.contract import RULES, SCOPE, SHEETS
from vtviz.audit.contract.scope import FIELDS, scope_toml
from vtviz.ui.frame.language import say

LONG = ("purpose", "misuse", "notes")


def ask_terms() -> dict[str, bytes]:
    """``scope.toml``, ``rules.toml`` and ``sheets.txt`` by name, each where a person gives some."""
    terms: dict[str, bytes] = {}
    with st.expander(say("contract.scope"), icon=":material/badge:"):
        st.caption(say("contract.ask.scope_about"))
        written = _ask_scope()
        if written:
            terms[SCOPE] = written
    with st.expander(say("contract.rules"), icon=":material/rule:"):
        st.caption(say("contract.ask.rules_about"))
        file = st.file_uploader(say("contract.ask.rules_file"), type=["toml"], key="audit-rules")
        st.code(EXAMPLE, language="toml")
        if file is not None:
            terms[RULES] = file.getvalue()
    with st.expander(say("contract.sheets"), icon=":material/person:"):
        st.caption(say("contract.sheets.about"))
        rows = st.text_input(say("contract.sheets.rows"), placeholder="3, 17", key="audit-sheets")
        if rows.strip():
            terms[SHEETS] = rows.encode()
    return terms


EXAMPLE = """[[rule]]
metric = "accuracy"
at_least = 0.8

[[rule]]
metric = "deletion"
answers = "right"
at_most = 0.6"""


def _ask_scope() -> bytes:
    """A file, or fields to fill in; nothing where both are empty."""
    file = st.file_uploader(say("contract.ask.scope_file"), type=["toml"], key="audit-scope")
    if file is not None:
        return file.getvalue()
    columns, fields = st.columns(2), dict[str, str]()
    for place, name in enumerate(FIELDS):
        ask = columns[place % 2].text_area if name in LONG else columns[place % 2].text_input
        fields[name] = ask(say(f"contract.scope.{name}"), key=f"audit-scope-{name}") or ""
    return scope_toml(fields)
