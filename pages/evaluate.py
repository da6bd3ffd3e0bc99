"""Evaluate: how often a model is right about pairs of photos and texts, at any threshold."""

import streamlit as st

from vtviz.ui.evaluate.address import open_address
from vtviz.ui.evaluate.runs import show_runs
from vtviz.ui.evaluate.setup import set_up
from vtviz.ui.evaluate.textbook import show_textbook
from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown

setup("page.evaluate")
open_address()
st.title(say("evaluate.title"))
st.caption(say("evaluate.about"))
with errors_shown(st.container()):
    show_runs()
st.divider()
with errors_shown(st.container()):
    set_up()
show_textbook()
