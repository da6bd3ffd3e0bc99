"""What if: change the photo, the text or the network, and see what moves."""

import streamlit as st

from vtviz.ui.ask.inputs import ask_photo, ask_text, offer_texts, show_trouble
from vtviz.ui.ask.links import keep_address, open_link, query_of_sides, show_link_notices, show_missing_photo
from vtviz.ui.ask.selection import selected
from vtviz.ui.frame.language import say
from vtviz.ui.frame.screen import WIDE
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.what_if.bench import open_bench, show_bench

setup("page.what_if", is_screen=True)
open_bench(open_link("what_if"))
notices = st.container(key="notices")
with errors_shown(notices):
    with notices:
        show_link_notices()
        show_trouble()
    with st.container(key="ask"):
        text, offers = st.columns(WIDE, gap="medium", vertical_alignment="center")
    with text:
        ask_text()
    with offers:
        offer_texts()
    bench, strip = st.container(key="bench"), st.container(key="below")
    with strip:
        image = ask_photo()
    with bench:
        if image is None:
            show_missing_photo()
        elif not selected().text:
            st.markdown(say("explore.write"))
        else:
            show_bench(image)
    if image is None or not selected().text:
        keep_address(query_of_sides())
