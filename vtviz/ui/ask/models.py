"""Which model, on which device: picked, offered for download, loaded before it is asked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import streamlit as st

from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.engine.explanation import Explanation
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.model import LoadModel
from vtviz.machine import device_names, free_memory_mb
from vtviz.models.base import MATCH, ModelError, ModelInfo
from vtviz.models.registry import DEFAULT_MODEL, model_info, model_infos, opened_path
from vtviz.ui.ask.choice import choice
from vtviz.ui.ask.own_models import check_download, check_own_model
from vtviz.ui.ask.selection import is_selected, select, selected
from vtviz.ui.frame.language import current_language, plain, say, say_notice
from vtviz.ui.frame.resources import shared_engine, training_jobs
from vtviz.ui.frame.waiting import ask
from vtviz.ui.frame.welcome import end_page
from vtviz.watch import Progress

OWN = "own"
LOADING = ("download_share", "hash")  # stages of loading a model whose share is known
FITS = ("squash", "letterbox", "crop")
AGREED, DEVICE, AUTO = "agreed-models", "device", "auto"
FRESH = {"method": None, "target": MATCH.kind, "options": Options()}  # what another model is asked first


def ask_model(chosen: str, side: str = "") -> None:
    """The model of a side: one that is offered or one of a person's own, and how the photo is fitted to its input."""
    known = {info.name: info for info in _infos()}
    name, _, options = chosen.partition("?")
    first, *others = known
    choice(
        say("pick.model"),
        [first, OWN, *others],
        f"pick{side}-model",
        name if name in known else OWN,
        lambda picked: select(side, **FRESH, model="" if picked == OWN else picked),
        format_func=lambda model: say("model.own") if model == OWN else _label(known[model]),
        help=say("pick.model_help"),
    )
    if name not in known:
        _ask_own(chosen, side)
    if name.startswith(("open_clip:", "hf:")):
        _ask_fit(name, options, side)


def ask_writer() -> str:
    """The model that writes captions, among those that can and what was picked on Explore."""
    known = {info.name: _label(info) for info in _infos() if _writes(info.name)}
    picked = selected().model
    if picked not in known and _writes(picked):
        known[picked] = picked
    names = list(known)
    chosen: str = st.selectbox(
        say("pick.model"),
        names,
        names.index(picked if picked in known else DEFAULT_MODEL),
        format_func=known.__getitem__,
        key=f"writer-{current_language()}",
        help=say("pick.model_help"),
    )
    return chosen


def ask_device() -> str | None:
    """The device to run on, where this machine has more than one; None for the fastest."""
    names = device_names()
    if len(names) == 1:
        return None
    st.selectbox(
        say("model.device"),
        [AUTO, *names],
        key=DEVICE,
        format_func=lambda name: say("model.device_auto", name=names[0]) if name == AUTO else name,
        help=say("model.device_help"),
        persist_state="session",
    )
    return current_device()


def current_device() -> str | None:
    """The device that this person picked; None for the fastest."""
    picked = st.session_state.get(DEVICE, AUTO)
    return None if picked == AUTO else picked


def need_model(name: str) -> None:
    """Loads a model that is not loaded yet, saying how far it is. Where that needs a download, or opens a file that a
    link named, the page stops until the person has agreed.

    Raises:
        ModelError: if there is no such model, or it cannot be loaded.
    """
    if not name:
        st.info(say("model.own_empty"), icon=":material/folder_open:")
        end_page()
    try:
        check_own_model(name)
        _load(name)
    except ModelError:
        if name != DEFAULT_MODEL:
            about = say("model.back", name=_label_of(DEFAULT_MODEL))
            st.button(about, key=f"back-{uuid4().hex}", icon=":material/undo:", on_click=_leave, args=(name,))
        raise


def _load(name: str) -> None:
    engine, device = shared_engine(), current_device()
    if engine.is_loaded(name, device):
        return
    info = model_info(name)
    if info is not None and name.partition("?")[0] not in st.session_state.get(AGREED, ()):
        if not info.available:
            check_download(info.name)
            _offer(info)
            end_page()
        if opened_path(name) and name not in training_jobs().models():
            _offer_file(name, info)
            end_page()

    def describe(now: Progress, seconds: str) -> tuple[float, str]:
        stage = now.stage if now.stage in LOADING else "loading"
        return now.share, say(f"model.{stage}", name=plain(name), share=f"{now.share:.0%}")

    ask(LoadModel(name, device), describe, cancel=False)


def may_load(name: str) -> bool:
    """Whether a model can be loaded without asking this person first (see ``need_model``)."""
    if shared_engine().is_loaded(name, current_device()) or name.partition("?")[0] in st.session_state.get(AGREED, ()):
        return True
    try:
        check_own_model(name)
        info = model_info(name)
    except ModelError:
        return False
    return info is not None and info.available and (not opened_path(name) or name in training_jobs().models())


def trust(name: str) -> None:
    """Lets a model be loaded without asking: the person agreed to it, or made it."""
    st.session_state[AGREED] = {*st.session_state.get(AGREED, ()), name.partition("?")[0]}


def _leave(name: str) -> None:
    """Takes the default model wherever another one is picked."""
    for side in ("", "a", "b"):
        if is_selected(side) and selected(side).model == name:
            select(side, **FRESH, model=DEFAULT_MODEL)


def show_notices(explanation: Explanation) -> None:
    """What a model says of itself."""
    for notice in explanation.notices:
        st.warning(say_notice(notice), icon=":material/info:")


def show_model(explanation: Explanation) -> None:
    """Which model answered: its weights and their licence."""
    st.markdown(f"**{plain(_label_of(explanation.model))}**")
    info = model_info(explanation.model)
    licence = say_notice(info.licence) if info is not None else "–"
    st.caption(say("model.weights", sha256=explanation.weights_sha256[:12], licence=plain(licence)))


def _label_of(name: str) -> str:
    info = model_info(name)
    return info.label if info is not None else name


def _infos() -> list[ModelInfo]:
    """The models that are offered: the default, those of this person's own training, all others."""
    own = []
    for name, label in training_jobs().models().items():
        with suppress(ModelError):  # its files are gone
            info = model_info(name)
            own += [replace(info, label=label)] if info is not None else []
    default, *others = model_infos()
    return [default, *own, *others]


def _writes(name: str) -> bool:
    try:
        check_own_model(name)
        info = model_info(name)
    except ModelError:
        return False
    return info is not None and "caption" in info.abilities.kinds


def _label(info: ModelInfo) -> str:
    return info.label if info.available else say("model.elsewhere", name=info.label, size=info.size_mb)


def _ask_own(chosen: str, side: str) -> None:
    key = f"pick{side}-own"
    st.session_state.setdefault(key, chosen)

    def keep() -> None:
        name = st.session_state[key].strip()
        if opened_path(name):
            _agree(name)
        select(side, **FRESH, model=name)

    st.text_input(
        say("model.own_name"),
        key=key,
        placeholder="open_clip:ViT-B-32@/path/to/weights.safetensors",
        help=say("model.own_help"),
        on_change=keep,
    )


def _ask_fit(name: str, options: str, side: str) -> None:
    values = dict(option.partition("=")[::2] for option in options.split("&") if option)

    def keep(fit: str) -> None:
        changed = {**values, "fit": fit}
        query = "&".join(f"{key}={value}" for key, value in changed.items() if (key, value) != ("fit", FITS[0]))
        select(side, model=f"{name}?{query}" if query else name)

    choice(
        say("model.fit"),
        FITS,
        f"pick{side}-fit",
        values.get("fit", FITS[0]),
        keep,
        format_func=lambda fit: say(f"model.fit_{fit}"),
        help=say("model.fit_help"),
    )


def _offer(info: ModelInfo) -> None:
    size = say("model.size_unknown") if info.size_mb is None else f"{info.size_mb} MB"
    about = say("model.offer", name=plain(info.label), size=size, licence=plain(say_notice(info.licence)))
    st.info(f"{about} {plain(say_notice(info.description))}", icon=":material/download:")
    _show_abilities(info)
    if info.notice:
        st.warning(say_notice(info.notice), icon=":material/info:")

    st.button(say("model.download"), icon=":material/download:", type="primary", on_click=_agree, args=(info.name,))


def _offer_file(name: str, info: ModelInfo) -> None:
    st.info(say("model.offer_file", name=plain(name)), icon=":material/folder_open:")
    _show_abilities(info)
    st.button(say("model.open"), icon=":material/folder_open:", type="primary", on_click=_agree, args=(name,))


def _show_abilities(info: ModelInfo) -> None:
    """What will work, as far as that is known before the weights are."""
    every, targets = methods().values(), info.abilities.kinds
    count = sum(method.supports(info.abilities, MATCH.kind) is None for method in every)
    named = " · ".join(say(f"pick.target_{target}") for target in targets)
    st.caption(say("model.abilities", targets=named, count=count, total=len(every)))
    if "text→image" not in targets[MATCH.kind]:
        st.caption(say("model.no_cross_attention"))
    if info.abilities.talks:
        st.caption(say("model.talks"))
    _show_memory(info)


def _show_memory(info: ModelInfo) -> None:
    """What a model needs to run, beside what is free where this machine runs it."""
    if info.memory_mb is None:
        return
    need, free = info.memory_mb / 1000, free_memory_mb() / 1000
    if not isinstance(shared_engine(), LocalEngine):
        st.caption(say("model.memory", need=f"{need:.1f}"))
    elif need <= free:
        st.caption(say("model.memory_fits", need=f"{need:.1f}", free=f"{free:.1f}"))
    else:
        st.warning(say("model.memory_low", need=f"{need:.1f}", free=f"{free:.1f}"), icon=":material/memory:")


def _agree(name: str) -> None:
    trust(name)
