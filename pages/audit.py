"""Audit: how far the explanations of many photos and texts can be trusted."""

import streamlit as st

from vtviz.ui.audit.runs import show_runs
from vtviz.ui.audit.second import show_verification
from vtviz.ui.audit.setup import set_up
from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown

setup("page.audit")
st.title(say("audit.title"))
st.caption(say("audit.about"))
with errors_shown(st.container()):
    show_runs()
st.divider()
with errors_shown(st.container()):
    set_up()
with errors_shown(st.container()):
    show_verification()
