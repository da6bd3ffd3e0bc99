"""Monitor: time, memory, queue and quality of the last explanations, live."""

import streamlit as st

from vtviz.ui.language import say
from vtviz.ui.monitor import live
from vtviz.ui.shell import setup

setup("page.monitor")
st.title(say("monitor.title"))
st.caption(say("monitor.about"))
live()
