"""Explore: a photo, a sentence, and what each word looks at."""

import streamlit as st

from vtviz.engine.lens import lens_view
from vtviz.ui.ask.explanation import explain_selected
from vtviz.ui.ask.inputs import ask_photo, ask_text
from vtviz.ui.ask.links import (
    lens_of,
    open_link,
    query_of,
    query_of_sides,
    show_link,
    show_link_notices,
    show_missing_photo,
)
from vtviz.ui.ask.method import show_pickers
from vtviz.ui.ask.models import ask_device, ask_model, show_model
from vtviz.ui.ask.photos import photo_name
from vtviz.ui.ask.selection import selected
from vtviz.ui.frame.language import say
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.show.downloads import show_downloads
from vtviz.ui.show.faithfulness import faithfulness_panel
from vtviz.ui.show.guide import show_guide, show_notes
from vtviz.ui.show.history import remember, show_history
from vtviz.ui.show.lens import lens
from vtviz.ui.show.run_metrics import show_metrics
from vtviz.ui.show.slow_method import show_job
from vtviz.ui.show.verdict import show_verdict

setup("page.explore")
query = open_link("explore")
left, right = st.columns([1, 3], gap="large")
more: dict[str, str] = {}
link_area = right
with errors_shown(right):
    with right:
        show_link_notices()
        ask_text()
    with left:
        ask_model(selected().model)
        ask_device()
        image = ask_photo()
    with right:
        if image is None:
            show_missing_photo()
        else:
            explanation, request = explain_selected(image)
            show_job(request, explanation)
            remember(explanation, request)
            show_verdict(explanation)
            show_model(explanation)
            view, alt = lens_view(explanation), say("explore.alt", name=photo_name(selected().photo))
            pinned = lens(view, alt, "lens", settings=lens_of(query))
            more = query_of(pinned)
            link_area = st.container(horizontal=True)
            with link_area:
                show_downloads(explanation, view, alt, pinned)
            show_notes(explanation)
            st.markdown(f"**{say('pick.title')}**")
            show_pickers(explanation, request)
            show_guide(request.method or explanation.method)
            show_metrics(explanation)
            faithfulness_panel(explanation)
with link_area:
    show_link({**query_of_sides(), **more})
with left:
    show_history()
