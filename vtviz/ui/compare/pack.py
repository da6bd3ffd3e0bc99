"""A comparison as the browser needs it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from vtviz.engine.comparison import Comparison, Pair
from vtviz.engine.explanation import Explanation
from vtviz.metrics.agreement import TOP_SHARE
from vtviz.render.colour import colour_map
from vtviz.render.overlay import scaled_photo, to_jpeg
from vtviz.ui.ask.photos import photo_name
from vtviz.ui.ask.selection import selected
from vtviz.ui.compare.change import SIDES
from vtviz.ui.frame.language import say
from vtviz.ui.frame.names import method_name
from vtviz.ui.frame.scores import Score

PHOTO_SIDE = 800  # pixels
DIFFERENCE_COLOURS = "RdBu"  # from red (less, side B) to blue (more, side A)
LABELS = (
    "hint",
    "words",
    "whole",
    "map",
    "difference",
    "difference_about",
    "alone",
    "nothing",
    "share",
    "correlation",
    "overlap",
    "opacity",
    "against",
    "figures",
    "save",
    "alike",
    "alike_help",
    "alike_best",
    "smooth",
)


def pair_data(comparison: Comparison, name: str, pinned: int, alike: Alike | None = None) -> dict[str, Any]:
    """Photos, words, and the maps of every pair as float32; ``alike`` where it was asked for."""
    sides = comparison.sides
    photos = [_photo(side) if index == 0 or not comparison.same_photo else None for index, side in enumerate(sides)]
    figures = ("a", "b", "change_figure", "correlation", "overlap")
    about = {"overlap": _overlap_help()}
    heads = [["A", ""], ["B", ""]]
    heads += [[say(f"compare.{figure}"), about.get(figure) or say(f"compare.{figure}_help")] for figure in figures]
    return {
        "name": name,
        "pinned": pinned,
        "photos": photos,
        "differs": comparison.same_photo,
        "comparable": sides[0].model == sides[1].model,
        "grids": [list(side.grid) for side in sides],
        "alike": None if alike is None else {key: _cosines(each) for key, each in alike.items()},
        "signed": [side.relevance.signed for side in sides],
        "lut": _text(colour_map()),
        "diverging": _text(colour_map(DIFFERENCE_COLOURS)),
        "sides": [_side(index, side) for index, side in enumerate(sides)],
        "pairs": [_pair(pair, comparison) for pair in comparison.pairs],
        "labels": {
            **{label: say(f"compare.{label}") for label in LABELS},
            "heads": heads,
            "notes": _notes(comparison),
            "foot": _foot(comparison),
        },
    }


Alike = Mapping[str, np.ndarray]  # cosines of patches, [patches, patches]: "01" of those of A with those of B, …


def _notes(comparison: Comparison) -> list[str]:
    """What the figures mean."""
    about = {"correlation": say("compare.correlation_help"), "overlap": _overlap_help()}
    notes = [f"{say(f'compare.{figure}')}: {text}" for figure, text in about.items()]
    return notes if comparison.same_photo else [say("compare.other_photo")]


def _foot(comparison: Comparison) -> str:
    """What a saved picture says of its making."""
    made = [
        f"{name}: {side.tokens.text} · {Score.of(side).text} · {method_name(side.method)} · {side.model}"
        for name, side in zip("AB", comparison.sides, strict=True)
    ]
    return "\n".join([*made, f"vtviz · {date.today().isoformat()}"])


def _overlap_help() -> str:
    return say("compare.overlap_help", share=f"{TOP_SHARE:.0%}")


def _side(index: int, explanation: Explanation) -> dict[str, Any]:
    name, photo = "AB"[index], photo_name(selected(SIDES[index]).photo)
    return {
        "name": name,
        "title": f"{name} · {Score.of(explanation).text}",
        "alt": say("explore.alt", name=photo),
        "words": [
            {"text": word.text, "unknown": index in explanation.unknown}
            for index, word in enumerate(explanation.tokens.words)
        ],
    }


def _pair(pair: Pair, comparison: Comparison) -> dict[str, Any]:
    a, b = pair.scores
    texts = [
        None if word is None else side.tokens.words[word].text.lower()
        for side, word in zip(comparison.sides, pair.places, strict=True)
    ]
    return {
        "places": pair.places,
        "whole": pair.is_whole,
        "changed": not pair.is_whole and texts[0] != texts[1],
        "maps": [_floats(map_) for map_ in pair.maps],
        "grids": [None if map_ is None else list(map_.shape) for map_ in pair.maps],
        "difference": _floats(pair.difference),
        "scores": [_figure(a, "{:.3g}"), _figure(b, "{:.3g}")],
        "change": None if a is None or b is None else f"{b - a:+.3g}",
        "correlation": _figure(pair.correlation, "{:.2f}"),
        "overlap": _figure(pair.overlap, "{:.2f}"),
    }


def _figure(value: float | None, form: str) -> str | None:
    return None if value is None else form.format(value)


def _photo(explanation: Explanation) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(to_jpeg(scaled_photo(explanation.image, PHOTO_SIDE))).decode()


def _floats(values: np.ndarray | None) -> str | None:
    return None if values is None else _text(values.astype("<f4"))


def _cosines(values: np.ndarray) -> str:
    """Cosines at 8 bits, from −1 at 0 to 1 at 255."""
    return _text(((values + 1) * 127.5).round().clip(0, 255).astype(np.uint8))


def _text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
