"""Search: the photos of a folder that fit a text or a photo, each with the reason why."""

import streamlit as st

from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.search.address import ask_view, keep, open_address
from vtviz.ui.search.find import show_search
from vtviz.ui.search.folders import ask_folder, begin_with_samples, show_folders
from vtviz.ui.search.likes import show_likes
from vtviz.ui.search.sentences import show_sentences

setup("page.search", is_screen=True)
open_address()
with errors_shown(st.container()):
    begin_with_samples()
    with st.container(key="search-top", horizontal=True, vertical_alignment="center"):
        view = ask_view()
        folder = ask_folder() if view in ("find", "likes") else None
    if view == "folders":
        show_folders()
    elif view == "sentences":
        show_sentences()
    elif folder is None:
        st.info(say("search.no_runs"), icon=":material/photo_library:")
    elif view == "likes":
        show_likes(folder)
    else:
        show_search(folder)
keep(view)
