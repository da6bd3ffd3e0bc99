"""The lens on a page. Looking around in it needs no server, which hears what is pinned a moment later."""

from __future__ import annotations

from typing import Any

import streamlit as st

from vtviz.render.lens.pack import join, pack, said
from vtviz.render.lens.page import script
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensView, Peaks
from vtviz.ui.frame.components import component
from vtviz.ui.frame.language import current_language

KEPT_VIEWS = 8


def lens(
    view: LensView, alt: str, key: str, *, settings: LensSettings | None = None, peaks: Peaks | None = None
) -> LensSettings:
    """Shows the lens and returns what is pinned and set in it.

    Args:
        view: what to show.
        alt: describes the photo.
        key: the lens's own; it keeps what is pinned there, and the words as long as the text stays the same.
        settings: to begin with, as from a permalink; later the person's own win.
        peaks: the values painted in the highest colour where the person, or ``settings``, asks for a shared scale
            (``scale="shared"``); the view's own if left out. Give two lenses the same to compare them.
    """
    first = st.session_state.setdefault(f"{key}-first", settings or LensSettings())
    state = st.session_state.get(key) or {}
    wanted = state.get("wanted") or {}
    layer = wanted.get("layer") if wanted.get("name") == view.name else None
    data = lens_data(view, alt, key, first, peaks, (layer,) if isinstance(layer, int) else ())
    result = component("lens", script())(
        key=key,
        data=data,
        default={"settings": None, "wanted": None},
        on_settings_change=lambda: None,
        on_wanted_change=lambda: None,
    )
    values = result.get("settings") or vars(first)
    is_of_text = values.get("text", view.tokens.text) == view.tokens.text  # else words and patch are another text's
    return LensSettings.from_dict(values if is_of_text else {**values, "words": None, "patch": None})


def lens_data(
    view: LensView, alt: str, key: str, settings: LensSettings, peaks: Peaks | None, wanted: tuple[int, ...] = ()
) -> bytes:
    """What the browser needs; see ``vtviz.render.lens.pack``."""
    header, blobs = _packed(view.name, wanted, view)
    return join({**header, **said(view, alt, key, settings, peaks, current_language())}, blobs)


@st.cache_resource(max_entries=KEPT_VIEWS, show_spinner=False)
def _packed(name: str, wanted: tuple[int, ...], _view: LensView) -> tuple[dict[str, Any], bytes]:
    return pack(_view, wanted)
