"""Describe and ask: captions of a photo, and answers about it, each word with its map."""

import streamlit as st

from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.ui.ask.inputs import ask_photo
from vtviz.ui.ask.links import open_link, show_link, show_link_notices, show_missing_photo
from vtviz.ui.ask.models import ask_writer, current_device, need_model
from vtviz.ui.ask.photos import photo_name
from vtviz.ui.ask.selection import selected
from vtviz.ui.describe import ask_question, ask_task, open_task, show_answer, show_captions
from vtviz.ui.frame.language import say
from vtviz.ui.frame.resources import shared_engine
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.frame.waiting import ask, by_pieces

setup("page.describe")
open_task(open_link("describe"))
left, right = st.columns([1, 2.4], gap="large")
link: dict[str, str] = {}
with errors_shown(right):
    with right:
        show_link_notices()
        link["task"] = task = ask_task()
        if task == "answer":
            link["question"] = ask_question()
    with left:
        model = ask_writer() if task == "caption" else DEFAULT_MODEL
        image = ask_photo()
        link["photo"] = selected().photo
    with right:
        alt = say("explore.alt", name=photo_name(selected().photo))
        if image is None:
            show_missing_photo()
        elif task == "answer":
            need_model(model)
            with st.spinner(say("describe.answering"), show_time=True):
                answer = shared_engine().ask(AnswerQuestion(image, link["question"], model, current_device()))
            show_answer(answer, image, alt)
        else:
            need_model(model)
            show_captions(ask(WriteCaptions(image, model, current_device()), by_pieces), image, alt)
with right:
    show_link(link)
