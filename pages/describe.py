"""Describe and ask: captions of a photo, and answers about it, each word with its map."""

import logging

import streamlit as st

from vtviz.engine.local import Busy
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.ui.describe import ask_question, ask_task, show_answer, show_captions
from vtviz.ui.inputs import ask_photo, start_inputs
from vtviz.ui.language import say
from vtviz.ui.resources import shared_engine
from vtviz.ui.shell import setup

setup("page.describe")
start_inputs()
left, right = st.columns([1, 2.4], gap="large")
try:
    with right:
        task = ask_task()
        question = ask_question() if task == "answer" else ""
    with left:
        image, name = ask_photo()
    with right:
        alt = say("explore.alt", name=name)
        if task == "answer":
            with st.spinner(say("describe.answering"), show_time=True):
                answer = shared_engine().answer(image, question)
            show_answer(answer, image, alt)
        else:
            with st.spinner(say("describe.writing"), show_time=True):
                captions = shared_engine().captions(image)
            show_captions(captions, image, alt)
except (InputError, ModelError, Busy) as error:
    with right:
        st.error(str(error), icon=":material/error:")
        logging.getLogger("vtviz").info("%s", error)
