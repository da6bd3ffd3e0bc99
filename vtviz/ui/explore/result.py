"""What the model makes of a photo and a sentence: the verdict, the lens, and the inspector beside it."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.about import about
from vtviz.engine.explanation import Explanation
from vtviz.engine.lens import lens_view
from vtviz.engine.requests.things import ComparePatches
from vtviz.inputs import ImageInput
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensView
from vtviz.ui.ask.explanation import explain_selected
from vtviz.ui.ask.links import address_of, query_of, query_of_sides, show_link
from vtviz.ui.ask.method import show_pickers
from vtviz.ui.ask.models import ask_device, ask_model, current_device, show_notices
from vtviz.ui.ask.selection import selected
from vtviz.ui.explore.change import ask_change, score_change
from vtviz.ui.explore.contrast import ask_contrast, contrast_query, contrast_view
from vtviz.ui.explore.similar import offer_reader, offer_similar
from vtviz.ui.frame.language import current_language, say
from vtviz.ui.frame.screen import BELOW, SERVED_PANELS, Screen, progress_area, served_panel
from vtviz.ui.frame.shell import go_to
from vtviz.ui.frame.waiting import ask
from vtviz.ui.show.attention_heads import show_heads
from vtviz.ui.show.downloads import show_downloads
from vtviz.ui.show.faithfulness import faithfulness_panel
from vtviz.ui.show.guide import show_guide, show_notes
from vtviz.ui.show.history import remember, show_history
from vtviz.ui.show.lens import lens, lens_panels
from vtviz.ui.show.model_notes import show_model_notes
from vtviz.ui.show.pin import moment_of, offer_pin
from vtviz.ui.show.run_metrics import show_metrics
from vtviz.ui.show.slow_method import show_job
from vtviz.ui.show.verdict import show_verdict

KEY = "lens"


def show_result(image: ImageInput, alt: str, areas: Screen, settings: LensSettings, guide: bool) -> None:
    """The explanation of what is selected, in the areas of a page. ``settings`` are those of a link;
    ``guide`` says whether a newcomer is shown around.

    Raises:
        InputError, ModelError: as the engine does.
    """
    with areas.side:
        lens_panels(KEY)
        method, trust, change = (served_panel(name) for name in SERVED_PANELS)
    with method:
        job = st.container()
        ask_model(selected().model)
        if selected().model != DEFAULT_MODEL:
            show_model_notes(selected().model)
        ask_device()
    with areas.notices:
        explanation, request = explain_selected(image, ways=True)
        show_notices(explanation)
        remember(explanation, request)
    with areas.answer, show_verdict(explanation, score_change(explanation)):
        offer_similar(explanation)
    with areas.answer:
        offer_reader(explanation)
    with areas.notices:
        view = contrast_view(explanation, request) or lens_view(explanation, request.method)
    with areas.stage:
        waiting = explanation.fingerprint != request.fingerprint
        _show_lens(explanation, view, alt, settings, "method" if waiting else "", guide)
    with job:
        show_job(request, explanation)
    with method:
        show_pickers(explanation, request)
        show_guide(request.method or explanation.method)
        show_notes(explanation)
    with trust:
        faithfulness_panel(explanation)
        show_heads(explanation)
    with change:
        offer_what_if()
        ask_change()
        ask_contrast()


def offer_what_if() -> None:
    """The way to the page where photo, text and network can be changed."""
    st.markdown(say("explore.what_if"))
    if st.button(say("explore.what_if_open"), key="what-if", icon=":material/experiment:", type="primary"):
        go_to("what_if")


@st.fragment
def _show_lens(
    explanation: Explanation, view: LensView, alt: str, settings: LensSettings, tab: str, guide: bool
) -> None:
    """The lens and what goes with what is pinned in it. A pin runs this alone again."""
    progress_area().empty()  # so that this part, run alone, may write to it
    made = about(explanation, current_language())
    pinned = lens(
        view,
        alt,
        KEY,
        settings=settings,
        panels=False,
        below=BELOW,
        tab=tab,
        served=SERVED_PANELS,
        about=made,
        guide=guide,
        alike=lambda: ask(ComparePatches(explanation.image, model=explanation.model, device=current_device())).cosines,
    )
    with st.container(key="actions", horizontal=True, gap="xsmall"):
        query = {**query_of_sides(), **query_of(pinned), **contrast_query()}
        show_history()
        show_downloads(explanation, view, alt, pinned, address_of(query))
        show_link(query)
        offer_pin((moment_of(selected(), explanation.image.sha256, pinned), selected().photo))
        show_metrics(explanation)
