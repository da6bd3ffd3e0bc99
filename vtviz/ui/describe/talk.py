"""A talk with a model about a photo: what was said, and each word of a reply with its map."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from vtviz.attribution.base import Relevance
from vtviz.engine.requests.captions_and_answers import EXAMPLE, WriteReply, does_not_talk
from vtviz.inputs import MAX_CHARACTERS, ImageInput, InputError, framed
from vtviz.models.base import ModelError, Turn
from vtviz.models.registry import model_info, opened_path
from vtviz.render.lens.about import About
from vtviz.render.lens.view import LensView
from vtviz.tasks.reply import Reply
from vtviz.ui.ask.models import current_device, need_model, trust
from vtviz.ui.ask.own_models import check_own_model
from vtviz.ui.ask.photos import photo_name
from vtviz.ui.ask.selection import selected
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.person.visitor import kept_for_visitor
from vtviz.ui.frame.screen import BELOW, Screen
from vtviz.ui.frame.waiting import ask
from vtviz.ui.show.downloads import offer_page
from vtviz.ui.show.lens import lens, lens_panels
from vtviz.watch import Progress

TALKER, SHOWN, PROMPT = "talker", "shown-reply", "prompt"
KEPT = 24  # replies of a person's, of all talks
HEIGHT = 380
KEY = "replied"


@dataclass(frozen=True, eq=False)
class Said:
    """A prompt about a photo and a model's reply."""

    photo: str
    model: str
    prompt: str
    reply: Reply


def ask_talker() -> str:
    """The model to talk with: the one that is picked elsewhere, if it can, or any by its name."""
    if TALKER not in st.session_state:
        st.session_state[TALKER] = selected().model if talks(selected().model) else ""
    name: str = st.text_input(
        say("describe.talk_model"),
        key=TALKER,
        placeholder=EXAMPLE,
        help=say("describe.talk_model_help", example=EXAMPLE),
        on_change=_agree,
        persist_state="session",
    )
    return name.strip()


def talks(name: str) -> bool:
    """Whether a model replies to prompts, as far as that is known before it is loaded."""
    try:
        check_own_model(name)
        info = model_info(name)
    except (ModelError, InputError):
        return False
    return info is not None and info.abilities.talks


def show_talk(image: ImageInput, alt: str, areas: Screen, model: str) -> None:
    """What was said about the photo, the lens of one reply, and the field for the next prompt.

    Raises:
        InputError, ModelError: as the engine does.
    """
    if not model:
        with areas.stage:
            st.info(say("describe.talk_no_model", example=EXAMPLE), icon=":material/forum:")
            st.image(image.to_pil(), alt=alt)
            return
    need_model(model)
    if not talks(model):
        areas.stage.image(image.to_pil(), alt=alt)
        raise does_not_talk(model)
    with areas.side:
        said = st.container(height=HEIGHT, key="said")
        prompt = st.chat_input(say("describe.talk_prompt"), key=PROMPT, max_chars=MAX_CHARACTERS)
    past = _of(model)
    if prompt:
        with said, st.chat_message("user"):
            st.markdown(plain(prompt))
        earlier = tuple(Turn(each.prompt, each.reply.text) for each in past)
        reply = ask(WriteReply(image, prompt, earlier, model, current_device()), _so_far)
        _kept()[:] = [*_kept(), Said(selected().photo, model, prompt, reply)][-KEPT:]
        st.session_state[SHOWN] = None
        st.rerun()
    with said:
        shown = _show_said(past)
    with areas.stage:
        if shown is None:
            st.image(image.to_pil(), caption=say("describe.talk_begin", name=photo_name(selected().photo)), alt=alt)
            return
        _show_reply(shown, image, alt)
    with areas.side:
        lens_panels(KEY)


def _show_said(past: list[Said]) -> Said | None:
    """The talk, oldest first; the reply whose maps are shown is the chosen one, or the newest."""
    chosen = st.session_state.get(SHOWN)
    shown = past[chosen] if chosen is not None and chosen < len(past) else (past[-1] if past else None)
    if not past:
        st.caption(say("describe.talk_none"))
    for index, each in enumerate(past):
        with st.chat_message("user"):
            st.markdown(plain(each.prompt))
        with st.chat_message("assistant"):
            st.markdown(plain(each.reply.text) + ("" if each.reply.is_whole else " …"))
            if not each.reply.is_whole:
                st.caption(say("describe.talk_cut", count=len(each.reply.tokens.pieces)))
            if each is shown:
                st.caption(f":material/visibility: {say('describe.talk_shown')}")
            else:
                st.button(
                    say("describe.talk_show"), key=f"reply-{index}", type="tertiary", on_click=_choose, args=(index,)
                )
    if past:
        st.button(
            say("describe.talk_again"), icon=":material/restart_alt:", type="tertiary", on_click=_forget, args=(past,)
        )
    return shown


def _show_reply(said: Said, image: ImageInput, alt: str) -> None:
    """The lens of a reply: pass over a word to see where the model looked while writing it."""
    clean = st.toggle(
        say("describe.talk_clean"), key="clean-reply", help=say("describe.talk_clean_help"), persist_state="session"
    )
    reply = said.reply.without_interference() if clean else said.reply
    relevance = Relevance(reply.probabilities, reply.maps, reply.maps.mean(axis=0), signed=False)
    number = _kept().index(said)
    name = f"reply-{image.sha256[:16]}-{number}-{clean}-{said.model}-{reply.text}"
    seen, method = framed(image, reply.frame), "describe.caption_map"
    view = LensView(name, seen, reply.tokens, relevance, score_label="describe.probability", method=method)
    told = About(said.prompt, said.model)
    pinned = lens(view, alt, KEY, panels=False, below=BELOW, about=told)
    with st.container(key="actions", horizontal=True, gap="xsmall"):
        offer_page(view, alt, pinned, told, "reply")


def _so_far(now: Progress, seconds: str) -> tuple[float, str]:
    """The reply as far as it is written."""
    words = plain(now.note[-160:])
    return now.share, say("describe.talk_writing", words=words, pieces=now.done, seconds=seconds)


def _agree() -> None:
    name = st.session_state[TALKER].strip()
    if opened_path(name):
        trust(name)


def _choose(index: int) -> None:
    st.session_state[SHOWN] = index


def _forget(past: list[Said]) -> None:
    """A new talk about the photo with the model."""
    _kept()[:] = [each for each in _kept() if each not in past]
    st.session_state[SHOWN] = None


def _of(model: str) -> list[Said]:
    """What was said to a model about the selected photo, oldest first."""
    return [each for each in _kept() if each.model == model and each.photo == selected().photo]


def _kept() -> list[Said]:
    kept: list[Said] = kept_for_visitor("talks", list)
    return kept
