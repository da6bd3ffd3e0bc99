"""Policy: photos and texts against rules, each verdict with its evidence."""

import streamlit as st

from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.policy.check import show_check
from vtviz.ui.policy.evaluation import show_evaluation

VIEWS = ("check", "evaluate")

setup("page.policy", is_screen=True)
with st.container(key="policy-top", horizontal=True, vertical_alignment="center"):
    view = kept_choice(
        say("policy.view"),
        VIEWS,
        "policy-view",
        VIEWS[0],
        st.segmented_control,
        format_func=lambda name: say(f"policy.view.{name}"),
        label_visibility="collapsed",
        required=True,
    )
    st.caption(say("policy.warning"))
with errors_shown(st.container()):
    if view == "check":
        show_check()
    else:
        show_evaluation()
