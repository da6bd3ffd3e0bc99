"""Explore: a photo, a sentence, and what each word looks at."""

import logging

import streamlit as st

from vtviz.engine.local import Busy
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.ui.answer import show_downloads, show_metrics, show_verdict
from vtviz.ui.faithfulness import faithfulness_panel
from vtviz.ui.guide import show_notes
from vtviz.ui.inputs import ask_photo, ask_text, start_inputs
from vtviz.ui.language import say
from vtviz.ui.lens import lens, view_of
from vtviz.ui.pickers import picked_request, show_pickers
from vtviz.ui.resources import shared_engine
from vtviz.ui.shell import setup
from vtviz.ui.slow import ready_request, show_job

setup("page.explore")
start_inputs()
left, right = st.columns([1, 2.4], gap="large")
try:
    with right:
        text = ask_text()
    with left:
        image, name = ask_photo()
    with right:
        request = picked_request(image, text)
        with st.spinner(say("explore.running"), show_time=True):
            answered = ready_request(request)
            explanation = shared_engine().explain(answered)
        if answered is not request:
            show_job(request, explanation)
        show_verdict(explanation)
        word = lens(view_of(explanation), alt=say("explore.alt", name=name), key="lens")
        show_downloads(explanation, word)
        show_notes(explanation)
        show_pickers(explanation, request)
    show_metrics(explanation)
    faithfulness_panel(explanation)
except (InputError, ModelError, Busy) as error:
    with right:
        st.error(str(error), icon=":material/error:")
        logging.getLogger("vtviz").info("%s", error)
