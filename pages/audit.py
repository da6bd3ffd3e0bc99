"""Audit: how far the explanations of many photos and texts can be trusted."""

import streamlit as st

from vtviz.ui.audit import set_up, show_runs
from vtviz.ui.language import say
from vtviz.ui.shell import setup

setup("page.audit")
st.title(say("audit.title"))
st.caption(say("audit.about"))
show_runs()
st.divider()
set_up()
