"""Learn: attention step by step on small matrices, then inside the real model."""

import streamlit as st

from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.learn.bench import show_bench

setup("page.learn")
st.title(say("learn.title"))
st.caption(say("learn.about"))
with errors_shown(st.container()):
    show_bench()
