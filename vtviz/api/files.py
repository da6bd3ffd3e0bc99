"""An explanation as the files that ``explain`` writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from vtviz.engine.about import about
from vtviz.engine.explanation import Explanation
from vtviz.engine.export import to_json
from vtviz.engine.lens import lens_view
from vtviz.files import check_file_place, make_folder, write_atomically
from vtviz.render.lens.page import lens_page
from vtviz.render.overlay import overlay, to_png
from vtviz.render.words import word_maps
from vtviz.sentences import catalogue

FILE, LENS, SINKS = "explanation.json", "lens.html", "sinks.json"
OWN = re.compile(r"word-\d{2,}-\w{1,40}\.png|lens\.html|sinks\.json")  # what is written beside FILE


def write_explanation(
    explanation: Explanation, folder: Path, name: str, lens: bool, sinks: dict[str, Any] | None = None
) -> Path:
    """Writes ``explanation.json``, one picture per word where the method has maps, and perhaps the lens and the sinks.

    Files of an earlier explanation in the folder go; all others stay.

    Raises:
        InputError: if the folder cannot be written to.
    """
    file = folder / FILE
    check_file_place(file)
    make_folder(folder)
    _clear(folder)
    write_atomically(file, to_json(explanation))
    tokens = explanation.tokens
    if explanation.relevance.maps_of != "none":
        for number, (word, map_) in enumerate(
            zip(tokens.words, word_maps(tokens, explanation.relevance), strict=False)
        ):
            label = re.sub(r"\W+", "_", word.text)[:40].strip("_") or "mark"
            picture = to_png(overlay(explanation.seen, map_))
            (folder / f"word-{number:02d}-{label}.png").write_bytes(picture)
    if lens:
        (folder / LENS).write_bytes(lens_file(explanation, name))
    if sinks is not None:
        write_atomically(folder / SINKS, json.dumps(sinks, indent=1).encode())
    return file


def lens_file(explanation: Explanation, name: str, language: str = "en") -> bytes:
    """The lens of an explanation as one HTML file; ``name`` is that of the photo."""
    alt = catalogue(language)["explore.alt"].format(name=name)
    view, text = lens_view(explanation), explanation.tokens.text
    return lens_page(view, alt, text, language=language, about=about(explanation, language))


def _clear(folder: Path) -> None:
    """Removes what was written beside an earlier file, which itself goes when the new one takes its place."""
    if not (folder / FILE).is_file():
        return
    for file in folder.iterdir():
        if OWN.fullmatch(file.name) and file.is_file():
            file.unlink()
