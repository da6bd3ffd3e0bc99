"""Monitor: time, memory, queue and quality of the last explanations, live."""

import streamlit as st

from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.monitor import live

setup("page.monitor")
st.title(say("monitor.title"))
st.caption(say("monitor.about"))
live()
