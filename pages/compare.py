"""Compare: two explanations side by side, and what one changed word does."""

import streamlit as st

from vtviz.ui.ask.explanation import explain_selected
from vtviz.ui.ask.inputs import ask_side_photo, ask_text, show_trouble
from vtviz.ui.ask.links import open_link, query_of_sides, show_link, show_link_notices, show_missing_photo
from vtviz.ui.ask.method import show_pickers
from vtviz.ui.ask.models import ask_model
from vtviz.ui.ask.selection import selected
from vtviz.ui.compare.change import SIDES, ask_change_of_b, start_sides, swap_sides
from vtviz.ui.compare.pair import PAIR, offer_comparison, offer_pins, open_pair, show_pair, show_score
from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.show.slow_method import show_job

setup("page.compare", is_screen=True)
start_sides()
query = open_link("compare", SIDES)
open_pair(query)
show_link_notices(SIDES)
show_trouble()
columns = dict(zip(SIDES, st.columns(2, gap="medium"), strict=True))
explanations = {}
for side, column in columns.items():
    with errors_shown(column), column:
        ask_text(side)
        image, settings, answer = ask_side_photo(side)
        with settings:
            ask_model(selected(side).model, side)
        if image is None:
            show_missing_photo(side)
        else:
            explanations[side], request = explain_selected(image, side)
            show_job(request, explanations[side])
            with answer:
                show_score(explanations[side], explanations.get("a") if side == "b" else None)
            with settings:
                show_pickers(explanations[side], request, side)
ask_change_of_b()
link = query_of_sides(SIDES)
with errors_shown(st.container()):
    if len(explanations) == len(SIDES):
        link[PAIR] = str(show_pair(explanations["a"], explanations["b"]))
with st.container(key="actions", horizontal=True, gap="xsmall"):
    st.button(say("compare.swap"), icon=":material/swap_horiz:", on_click=swap_sides)
    if PAIR in link:
        offer_comparison(explanations["a"], explanations["b"])
        offer_pins(explanations["a"], explanations["b"], int(link[PAIR]))
    show_link(link)
