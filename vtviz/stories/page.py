"""A story as one HTML file, which opens in any browser and asks nothing of any server."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from vtviz.paths import ASSETS
from vtviz.render.lens.about import About
from vtviz.render.lens.pack import join, pack, said
from vtviz.render.lens.page import alone, body, part, script
from vtviz.render.lens.view import LensView
from vtviz.render.overlay import overlay, to_jpeg
from vtviz.render.words import word_maps
from vtviz.sentences import catalogue
from vtviz.stories.moment import Moment, Story

PRINTED_SIDE = 1000  # pixels of a picture on paper


@dataclass(frozen=True)
class Scene:
    """What is shown of a moment: its lens, the answer, and in words what was changed before and what that did."""

    view: LensView
    about: About
    changes: tuple[str, ...] = ()


def story_page(story: Story, scenes: Sequence[Scene]) -> bytes:
    """The story with the lens of each moment alive, in the language of the story; printed, it has a moment a page."""
    sentences = catalogue(story.language)
    labels = {key.removeprefix("story."): text for key, text in sentences.items() if key.startswith("story.")}
    environment = Environment(
        loader=FileSystemLoader(ASSETS / "story"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = [
        {
            "text": moment.text,
            "note": moment.note,
            "answer": scene.about.answer,
            "model": scene.about.model,
            "changes": scene.changes,
            "picture": _data(printed(moment, scene)),
            "lens": base64.b64encode(_lens(number, moment, scene, story.language)).decode(),
        }
        for number, (moment, scene) in enumerate(zip(story.moments, scenes, strict=True))
    ]
    return (
        environment.get_template("story.html.j2")
        .render(
            language="zh-Hans" if story.language == "zh" else story.language,
            title=story.title,
            labels=labels,
            scenes=shown,
            page_style=Markup(part("page.css") + (ASSETS / "story" / "story.css").read_text(encoding="utf-8")),
            lens_style=Markup(part("lens.css")),
            lens=Markup(body()),
            lens_script=Markup(script().replace("export default ", "")),
            script=Markup((ASSETS / "story" / "story.js").read_text(encoding="utf-8")),
        )
        .encode()
    )


def printed(moment: Moment, scene: Scene) -> bytes:
    """The heatmap of the pinned words, or of the whole text, over the photo, as JPEG: what paper shows of the lens."""
    view = scene.view
    relevance = next((look.relevance for look in view.looks if look.name == (moment.settings.show or view.show)), None)
    relevance = view.relevance if relevance is None else relevance
    words = [word for word in moment.settings.words or () if word < len(view.tokens.words)]
    map_ = word_maps(view.tokens, relevance)[words].mean(axis=0) if words else relevance.image
    return to_jpeg(overlay(view.image, map_.clip(min=0.0), max_side=PRINTED_SIDE))


def _lens(number: int, moment: Moment, scene: Scene, language: str) -> bytes:
    header, blobs = pack(scene.view)
    spoken = said(scene.view, moment.text, f"moment {number}", moment.settings, language)
    return join({**header, **spoken, **alone(scene.about)}, blobs)


def _data(picture: bytes) -> Markup:
    return Markup("data:image/jpeg;base64,") + base64.b64encode(picture).decode()
