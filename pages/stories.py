"""Stories: moments put in order, presented on the whole screen, and exported as one page."""

import streamlit as st

from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.stories.choosing import choose_story, offer_changes, show_trouble
from vtviz.ui.stories.moments import edit_story, show_story
from vtviz.ui.stories.telling import offer_telling, present

setup("page.stories")
st.title(say("page.stories"))
with errors_shown(st.container()):
    show_trouble()
    st.markdown(say("stories.about"))
    picker, buttons = st.columns([2, 3], vertical_alignment="bottom")
    with picker:
        name, told, is_own = choose_story()
    with buttons, st.container(horizontal=True, gap="xsmall", key="story-buttons"):
        offer_telling(told, name)
        offer_changes(name, told, is_own)
    present(told, name)
    if is_own:
        edit_story(name, told)
    else:
        show_story(told)
