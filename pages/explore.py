"""Explore: a photo, a sentence, and what each word looks at."""

import streamlit as st

from vtviz.ui.ask.inputs import ask_photo, ask_text, offer_texts, show_trouble
from vtviz.ui.ask.links import keep_address, lens_of, open_link, query_of_sides, show_link_notices, show_missing_photo
from vtviz.ui.ask.models import ask_model
from vtviz.ui.ask.photos import photo_name
from vtviz.ui.ask.selection import selected
from vtviz.ui.explore.contrast import open_contrast
from vtviz.ui.explore.result import show_result
from vtviz.ui.explore.things import offer_captions, show_things
from vtviz.ui.frame.language import say
from vtviz.ui.frame.screen import screen
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown

setup("page.explore", is_screen=True)
query = open_link("explore")
open_contrast(query)
areas = screen()
with errors_shown(areas.notices):
    with areas.notices:
        show_link_notices()
        show_trouble()
    with areas.ask:
        ask_text()
    with areas.strip:
        image = ask_photo()
    alt = say("explore.alt", name=photo_name(selected().photo))
    if image is None:
        with areas.stage:
            show_missing_photo()
    elif selected().text:
        show_result(image, alt, areas, lens_of(query), guide=st.session_state.setdefault("by-itself", not query))
    else:
        with areas.answer:
            st.markdown(say("explore.write"))
        with areas.side:
            ask_model(selected().model)
        with areas.stage:
            show_things(image, alt)
        keep_address(query_of_sides())
        with areas.side:
            offer_captions(image)
    with areas.actions:
        offer_texts()
