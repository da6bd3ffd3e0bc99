"""Describe and ask: captions of a photo, answers and talks about it, each word with its map; one question to all
photos."""

import streamlit as st

from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.ui.ask.inputs import ask_photo, show_trouble
from vtviz.ui.ask.links import keep_address, open_link, show_link, show_link_notices, show_missing_photo
from vtviz.ui.ask.models import ask_writer, current_device, need_model
from vtviz.ui.ask.photos import photo_name
from vtviz.ui.ask.selection import selected
from vtviz.ui.describe.asked import read_in_full, show_questions
from vtviz.ui.describe.folders import show_folder_questions
from vtviz.ui.describe.talk import ask_talker, show_talk
from vtviz.ui.describe.tasks import (
    ask_caption_language,
    ask_question,
    ask_task,
    offer_questions,
    open_task,
    show_answer,
    show_captions,
)
from vtviz.ui.frame.language import say
from vtviz.ui.frame.screen import screen
from vtviz.ui.frame.shell import setup
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.frame.waiting import ask, by_pieces

setup("page.describe", is_screen=True)
open_task(open_link("describe"))
areas = screen()
link: dict[str, str] = {}
with errors_shown(areas.notices):
    with areas.notices:
        show_link_notices()
        show_trouble()
    with areas.ask, st.container(key="task", horizontal=True, vertical_alignment="center"):
        link["task"] = task = ask_task()
        if task == "answer":
            link["question"] = ask_question()
        asked = {"caption": ask_writer, "talk": ask_talker}.get(task)
        model = asked() if asked else DEFAULT_MODEL
        language = ask_caption_language(model) if task == "caption" else None
    if task != "folder":
        with areas.strip:
            image = ask_photo()
        link["photo"] = selected().photo
        alt = say("explore.alt", name=photo_name(selected().photo))
    if task == "folder":
        show_folder_questions()
    elif image is None:
        with areas.stage:
            show_missing_photo()
    elif task == "talk":
        show_talk(image, alt, areas, model)
    elif task == "answer":
        need_model(model)
        request = AnswerQuestion(image, read_in_full(link["question"]), model, current_device())
        show_answer(ask(request), image, alt, areas, link["question"])
    else:
        need_model(model)
        captions = WriteCaptions(image, model, current_device(), language or "en")
        show_captions(ask(captions, by_pieces), image, alt, areas, model)
if task == "folder":
    keep_address(link)
else:
    with areas.actions:
        if task == "answer":
            offer_questions()
            show_questions()
        show_link(link)
