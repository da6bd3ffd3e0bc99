"""The policy: written in YAML, loaded, changed and kept as a file."""

from __future__ import annotations

import streamlit as st

from vtviz.inputs import InputError
from vtviz.paths import ASSETS
from vtviz.tasks.policy.policy import LARGEST, Policy, read_policy
from vtviz.ui.frame.language import plain, say, say_error

EXAMPLE = ASSETS / "policies" / "example.yaml"
WRITTEN, FILE, LOADED = "policy-written", "policy-file", "policy-loaded"
HEIGHT = 430  # pixels


def written_policy() -> str:
    """The policy as it is written now; the shipped example to begin with."""
    st.session_state.setdefault(WRITTEN, EXAMPLE.read_text(encoding="utf-8"))
    written: str = st.session_state[WRITTEN]
    return written


def policy_name() -> str:
    """What the file of the policy is called."""
    name: str = st.session_state.setdefault(FILE, EXAMPLE.name)
    return name


def current_policy() -> Policy:
    """The policy as it is written now. Raises InputError where it is none; it names the line."""
    return read_policy(written_policy().encode(), policy_name())


def edit_policy() -> None:
    """The text of the policy, a file in its place, and a file of it."""
    written_policy()
    st.text_area(
        say("policy.file"),
        key=WRITTEN,
        height=HEIGHT,
        max_chars=LARGEST,
        persist_state="session",
        help=say("policy.yaml"),
    )
    with st.container(key="actions", horizontal=True, gap="xsmall"):
        with st.popover(say("policy.load"), icon=":material/upload:", wrap=False):
            key = f"{LOADED}-{st.session_state.get(LOADED, 0)}"
            st.file_uploader(say("policy.load"), type=["yaml", "yml"], key=key, on_change=_load, args=(key,))
        st.download_button(
            say("policy.save"),
            lambda: written_policy().encode(),
            policy_name(),
            "application/yaml",
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(say("policy.example"), icon=":material/restart_alt:", on_click=_restart, key="policy-example")


def _load(key: str) -> None:
    """Takes over a file; what is wrong with it is shown beside it, so that it can be mended."""
    file = st.session_state[key]
    if file is None:
        return
    try:
        st.session_state[WRITTEN] = file.getvalue()[: LARGEST + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        st.toast(plain(say_error(InputError("The file {file} is not UTF-8 text; save it as UTF-8.", file=file.name))))
        return
    st.session_state[FILE] = file.name
    st.session_state[LOADED] = st.session_state.get(LOADED, 0) + 1


def _restart() -> None:
    st.session_state[WRITTEN] = EXAMPLE.read_text(encoding="utf-8")
    st.session_state[FILE] = EXAMPLE.name
