"""Privacy: what is kept, where, for how long, and who sees it."""

import streamlit as st

from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.privacy import show_kept, show_place

setup("page.privacy")
st.title(say("privacy.title"))
st.markdown(say("privacy.about"))
show_kept()
with errors_shown(st.container()):
    show_place()
