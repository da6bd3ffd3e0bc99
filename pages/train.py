"""Train: the textbook's network on scenes or on photos of one's own, and how its attention sharpens."""

import streamlit as st

from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.train.runs import show_runs, show_table
from vtviz.ui.train.setup import set_up

setup("page.train")
st.title(say("train.title"))
st.caption(say("train.about"))
with errors_shown(st.container()):
    show_runs()
st.divider()
with errors_shown(st.container()):
    set_up()
with errors_shown(st.container()):
    show_table()
