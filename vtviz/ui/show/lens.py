"""The lens on a page. Looking around in it needs no server, which hears what is pinned a moment later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from vtviz.render.lens.about import NOTHING, About
from vtviz.render.lens.pack import join, pack, said
from vtviz.render.lens.page import alone, body, part, script
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensView
from vtviz.ui.frame.components import component
from vtviz.ui.frame.language import current_language

KEPT_VIEWS = 8


def lens(
    view: LensView,
    alt: str,
    key: str,
    *,
    settings: LensSettings | None = None,
    panels: bool = True,
    below: tuple[str, ...] = (),
    picks: bool = False,
    tab: str = "",
    served: tuple[str, ...] = (),
    about: About = NOTHING,
    guide: bool = False,
    alike: Callable[[], np.ndarray] | None = None,
) -> LensSettings:
    """Shows the lens and returns what is pinned and set in it.

    Args:
        view: what to show.
        alt: describes the photo.
        key: the lens's own; it keeps what is pinned there, and the words as long as the text stays the same.
        settings: to begin with, as from a permalink; later the person's own win.
        panels: whether the panels stand beside the photo; else ``lens_panels`` shows them elsewhere.
        below: keys of the containers below the lens that the window is to have room for.
        picks: whether a click on a word tells the server of it (see ``picked_word``) instead of pinning it.
        served: panels that the page shows itself, under tabs of the lens (see ``frame.screen``).
        about: what saved pictures say of their making.
        guide: whether to show a newcomer around.
        alike: how like the patches are to each other, ``[patches, patches]``, for whoever asks for it in the lens.
        tab: the panel to open when the view comes, if it matters which.
    """
    first = st.session_state.setdefault(f"{key}-first", settings or LensSettings())
    state = st.session_state.get(key) or {}
    wanted = state.get("wanted") or {}
    layer = wanted.get("layer") if wanted.get("name") == view.name else None
    page = {
        **alone(about),
        "panels": "" if panels else key,
        "below": below,
        "picks": picks,
        "tab": tab,
        "served": served,
        "guide": guide,
        "resembles": alike is not None,
    }
    is_asked = alike is not None and wanted.get("name") == view.name and wanted.get("alike") is True
    cosines = alike() if alike is not None and is_asked else None
    data = lens_data(view, alt, key, first, page, (layer,) if isinstance(layer, int) else (), cosines)
    result = component("lens", script(), body(panels), "" if panels else "stage")(
        key=key,
        data=data,
        default={"settings": None, "wanted": None},
        on_settings_change=lambda: None,
        on_wanted_change=lambda: None,
        on_picked_change=lambda: None,
    )
    values = result.get("settings") or vars(first)
    is_of_text = values.get("text", view.tokens.text) == view.tokens.text  # else words and patch are another text's
    return LensSettings.from_dict(values if is_of_text else {**values, "words": None, "patch": None, "box": None})


def lens_panels(key: str) -> None:
    """The panels of the lens of this key, where it does not show them itself."""
    script = part("scripts/desk.js") + part("panels.js")
    component("lens", script, part("panels.html"), "panels")(key=f"{key}-panels", data={"lens": key})


def picked_word(key: str) -> int | None:
    """The word of a lens with ``picks`` that was clicked just now."""
    picked = (st.session_state.get(key) or {}).get("picked")
    return picked if isinstance(picked, int) else None


def lens_data(
    view: LensView,
    alt: str,
    key: str,
    settings: LensSettings,
    page: dict[str, Any],
    wanted: tuple[int, ...] = (),
    alike: np.ndarray | None = None,
) -> bytes:
    """What the browser needs; see ``vtviz.render.lens.pack``."""
    header, blobs = _packed(view.name, wanted, alike is not None, view, alike)
    return join({**header, **said(view, alt, key, settings, current_language()), **page}, blobs)


@st.cache_resource(max_entries=KEPT_VIEWS, show_spinner=False)
def _packed(
    name: str, wanted: tuple[int, ...], with_alike: bool, _view: LensView, _alike: np.ndarray | None
) -> tuple[dict[str, Any], bytes]:
    return pack(_view, wanted, _alike)
