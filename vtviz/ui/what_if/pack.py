"""What the browser needs of a change and what it is shown beside, as one run of bytes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from vtviz.engine.about import verdict
from vtviz.engine.explanation import Explanation
from vtviz.engine.intervention import Intervention
from vtviz.inputs import ImageInput, Tokens
from vtviz.interventions.changes import Change, Drop, as_plain
from vtviz.interventions.intervene import offered
from vtviz.interventions.network import layers_in
from vtviz.interventions.photo import changed_picture
from vtviz.models.registry import model_info
from vtviz.render.lens.pack import Blobs, join, pack
from vtviz.render.lens.view import LensView
from vtviz.render.overlay import overlay, scaled_photo, to_jpeg
from vtviz.render.words import word_scores
from vtviz.sentences import catalogue
from vtviz.stories.said import changes_said
from vtviz.ui.frame.language import current_language, say, say_error
from vtviz.ui.frame.names import method_name
from vtviz.ui.frame.scores import Score
from vtviz.ui.what_if.trials import Bench, Changes

KEPT = 32
THUMBNAIL = 160  # pixels
KINDS = ("text→image", "image→text", "fused")  # whose heads can be switched off here


def bench_data(
    bench: Bench,
    base: Intervention,
    now: Intervention,
    way: str,
    ways: Mapping[str, str],
    trials: Sequence[Mapping[str, Any]],
) -> bytes:
    """All of the bench. ``base`` and ``now`` have the same original; ``trials`` come from ``trial_data``."""
    original, blobs = now.before, Blobs()
    sides = {"base": base, "now": now}
    header = {
        "name": f"{original.image.sha256[:16]} {original.model} {original.tokens.text}",
        "ratio": original.seen.width / original.seen.height,
        "grid": list(original.grid),
        "sides": {name: _side(name, side, base, blobs) for name, side in sides.items()},
        "words": [
            {"text": word.text, "unknown": i in original.unknown} for i, word in enumerate(original.tokens.words)
        ],
        "scores": _scores(base, now),
        "changes": as_plain(bench.changes),
        "said": changes_said(bench.changes, original.tokens, current_language()),
        "heads": _heads(original),
        "reasons": _reasons(original),
        "way": way,
        "ways": [[name, _way_name(name, method)] for name, method in ways.items()],
        "promise": _promised(now),
        "trials": list(trials),
        "undo": bool(bench.past),
        "labels": {key.removeprefix("what_if."): text for key, text in _sentences().items()},
    }
    return join(header, b"".join(blobs.parts))


@dataclass(frozen=True)
class Seen:
    """What the strip needs to know of a trial: its picture (an address of data) and the scores before and after."""

    picture: str
    before: Score
    after: Score
    tokens: Tokens
    values: tuple[float, float]  # of the target


def seen(found: Intervention) -> Seen:
    """The changed photo under its map, small, and the scores."""
    before = found.before
    photo = ImageInput(np.array(scaled_photo(before.image, THUMBNAIL)), before.image.sha256)
    small = changed_picture(photo, found.changes, before.grid, before.frame)
    picture = overlay(small, found.after.relevance.image.clip(min=0.0), max_side=THUMBNAIL)
    address = "data:image/jpeg;base64," + base64.b64encode(to_jpeg(picture)).decode()
    return Seen(address, Score.of(found.before), Score.of(found.after), found.before.tokens, found.values)


def trial_data(bench: Bench, index: int, trial: Seen) -> dict[str, Any]:
    """A trial as the strip shows it."""
    changes = bench.tried[index]
    return {
        "picture": trial.picture,
        "said": " ".join(changes_said(changes, trial.tokens, current_language())),
        "score": f"{trial.before.text} → {trial.after.text}",
        "kept": changes in bench.kept,
        "now": changes == bench.changes,
        "base": changes == bench.base,
    }


def exported(bench: Bench, known: Mapping[Changes, Seen]) -> list[dict[str, Any]]:
    """The trials of the strip for ``interventions.json``, oldest first."""
    rows = []
    for trial in bench.tried:
        if trial in known:
            found = known[trial]
            sides = zip(("before", "after"), (found.before, found.after), found.values, strict=True)
            answers = {name: {"value": value, "score": score.value} for name, score, value in sides}
            rows.append({"changes": as_plain(trial), "kept": trial in bench.kept, **answers})
    return rows


def _side(name: str, side: Intervention, base: Intervention, blobs: Blobs) -> dict[str, Any]:
    """One of the two pictures: its map, its words, and what the model says."""
    after = side.after
    key, values = verdict(after)
    score, tone = Score.of(after), {True: "good", False: "bad", None: "plain"}[after.is_match]
    return {
        "key": _key(side),
        "view": blobs.add(_view(_key(side), side)),
        "units": None if after.relevance.units is None else [float(unit) for unit in after.relevance.units],
        "places": _left(after, side.changes),
        "score": score.text,
        "score_name": score.name,
        "change": score.change_from(Score.of(base.after)) if name == "now" else None,
        "verdict": say(key, **values),
        "tone": "plain" if after.verdict == "not sure" else tone,
        "title": _title(name, side.changes),
    }


def _title(name: str, changes: Changes) -> str:
    if not changes:
        return say("what_if.original" if name == "base" else "what_if.nothing_changed")
    return say("what_if.other_trial" if name == "base" else "what_if.changed", count=len(changes))


def _key(side: Intervention) -> str:
    return hashlib.sha256(f"{side.after.fingerprint} {side.before.image.sha256}".encode()).hexdigest()


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _view(key: str, _side: Intervention) -> bytes:
    shown = _side.shown
    header, blobs = pack(LensView(key, shown.seen, shown.tokens, shown.relevance, unknown=shown.unknown))
    return join({**header, "methods": [""], "limits": [""]}, blobs)


def _left(after: Explanation, changes: Sequence[Change]) -> list[int]:
    """The places in the original text of the words that are left."""
    dropped = {change.place for change in changes if isinstance(change, Drop)}
    places = range(len(after.tokens.words) + len(dropped))
    return [place for place in places if place not in dropped]


def _scores(base: Intervention, now: Intervention) -> list[list[float | None]]:
    """The score of each word of the original beside the changes; None where it was left out."""
    columns = []
    for side in (base, now):
        scores = word_scores(side.after.tokens, side.after.relevance)
        columns.append(dict(zip(_left(side.after, side.changes), map(float, scores), strict=True)))
    return [[column.get(place) for column in columns] for place in range(len(now.before.tokens.words))]


def _heads(explanation: Explanation) -> list[dict[str, Any]]:
    layers = layers_in(explanation.record)
    kinds = [kind for kind in KINDS if any(layer.kind == kind for layer in layers)]
    kinds = kinds or [kind for kind in ("image", "text") if any(layer.kind == kind for layer in layers)]
    return [
        {
            "kind": kind,
            "label": say(f"story.kind_{kind.replace('→', '_')}"),
            "layers": [layer.heads for layer in layers if layer.kind == kind],
        }
        for kind in kinds
    ]


def _reasons(explanation: Explanation) -> dict[str, str | None]:
    """Why the model does not offer a kind of change, by its name."""
    info = model_info(explanation.model)
    if info is None:
        return {}
    reasons = offered(info.abilities, explanation.target.kind)
    return {name: None if error is None else say_error(error) for name, error in reasons.items()}


def _way_name(way: str, method: str) -> str:
    return method_name(method) if way == "attribution" else say(f"lens.{way}")


def _promised(now: Intervention) -> str:
    """What the map promised beside what happened; empty where it says nothing of the changes."""
    promise = now.promise
    if promise is None:
        return ""
    kind = now.before.target.kind
    is_probability = kind != "match" or now.before.score_kind == "probability"
    what = say(f"lens.total_{kind}" if is_probability else f"model.total_{now.before.score_kind}")
    change = f"{-promise.fell:+.2f}".replace("-", "−")
    if kind == "match":  # as the score beside it says it; in the map's own unit only where the map promised in it
        moved = _moved(now)
        what, change = (what, f"{change}; {moved}") if promise.unit == "target" else (Score.of(now.before).name, moved)
    if promise.unit == "target":
        promised = say("what_if.promised_sum", value=f"{-promise.predicted:+.2f}".replace("-", "−"))
    else:
        promised = say("what_if.promised_share", share=f"{promise.predicted:.0%}")
    return f"{promised} {say('what_if.happened', what=what, change=change)}"


def _moved(now: Intervention) -> str:
    before, after = Score.of(now.before), Score.of(now.after)
    change = after.change_from(before)
    return f"{before.text} → {after.text}" + (f" ({change})" if change else "")


def _sentences() -> dict[str, str]:
    return {key: text for key, text in catalogue(current_language()).items() if key.startswith("what_if.")}
