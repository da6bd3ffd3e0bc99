"""What to train, on what, and how."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from vtviz.inputs import InputError
from vtviz.manifests.save import unpack, unpacked_size
from vtviz.models.recurrent.model import NAME as RECURRENT
from vtviz.models.vtviz_base.model import NAME as BASE
from vtviz.scenes.compose import NAME as SCENES
from vtviz.training.recurrent.matching import LOSSES, Loss
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.person.who import is_local
from vtviz.ui.frame.resources import training_jobs, upload_room
from vtviz.ui.show.jobs import choose_job
from vtviz.ui.train.base import ask_base

PAGE = "train"
SOURCES = ("scenes", "upload", "path")
WIDTHS = (96, 192, 256)


def set_up() -> None:
    """A button starts the training that is set up here."""
    st.subheader(say("train.set_up"))
    network = _ask_network()
    if network == BASE:
        asked = ask_base()
    else:
        data, settings = _ask_data(), _ask_settings()
        asked = None if data is None else {**settings, "data": data, "network": network}
    name = st.text_input(say("train.name"), placeholder=say("train.name_place"), max_chars=60, key="train-name")
    if st.button(say("train.start"), type="primary", icon=":material/play_arrow:", disabled=asked is None):
        assert asked is not None
        try:
            data = asked["data"]
            shown = name.strip() or say(f"train.source.{'scenes' if data == SCENES else 'own'}")
            if isinstance(data, str):
                entry = training_jobs().start(shown, asked)
            else:
                packed = data.getvalue()
                with upload_room().take(unpacked_size([(data.name, packed)])) as folder:
                    unpack(data.name, packed, folder)
                    entry = training_jobs().start(shown, {**asked, "data": str(folder)})
        except InputError as error:
            st.error(plain(say_error(error)), icon=":material/error:")
            return
        choose_job(PAGE, entry.id)
        st.rerun()


def _ask_network() -> str:
    """The network to train: a large one reads files of this machine, and only its own people may choose those."""
    if not is_local():
        st.caption(say("train.networks"))
        return RECURRENT
    network: str = kept_choice(
        say("train.network"),
        (RECURRENT, BASE),
        "train-network",
        RECURRENT,
        st.segmented_control,
        format_func=lambda name: say(f"train.network.{name}"),
        help=say("train.networks"),
        required=True,
    )
    return network


def _ask_data() -> Any:
    """``scenes``, a path, or uploaded files; None where that is not complete."""
    source = kept_choice(
        say("train.source"),
        SOURCES if is_local() else SOURCES[:2],
        "train-source",
        SOURCES[0],
        st.segmented_control,
        format_func=lambda name: say(f"train.source.{name}"),
        required=True,
    )
    if source == "scenes":
        st.caption(say("train.scenes_about"))
        return SCENES
    about = say("train.own_about")
    if source == "path":
        path = st.text_input(say("train.path"), placeholder="/data/my-photos", help=about)
        return path.strip() or None
    return st.file_uploader(say("train.upload"), type=["zip"], help=about)


def _ask_settings() -> dict[str, Any]:
    left, middle, right = st.columns(3)
    width = left.select_slider(say("train.width"), WIDTHS, 192, help=say("train.width_help"), key="train-width")
    epochs = middle.slider(say("train.epochs"), 1, 30, 8, help=say("train.epochs_help"), key="train-epochs")
    seed = right.number_input(say("train.seed"), 0, 10**6, 0, help=say("train.seed_help"), key="train-seed")
    losses: list[Loss] = kept_choice(
        say("train.losses"),
        list(get_args(Loss)),
        "train-losses",
        list(LOSSES),
        st.multiselect,
        format_func=lambda name: say(f"train.loss.{name}"),
        help=say("train.losses_help"),
    )
    chosen = ["match", *(name for name in losses if name != "match")]  # without it there is nothing to judge by
    return {"width": width, "epochs": float(epochs), "seed": int(seed), "losses": chosen}
