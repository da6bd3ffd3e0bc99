"""What the audit that is set up will cost, said before it starts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vtviz.audit.cost.count import Cost, Part, add_parts, counting, seconds_of
from vtviz.audit.settings import Settings
from vtviz.errors import UserError
from vtviz.files import from_home
from vtviz.manifests.read import Row, read_manifest
from vtviz.paths import ASSETS
from vtviz.ui.ask.own_models import check_own_models
from vtviz.ui.ask.rows import OnServer, Rows, Uploaded, Written
from vtviz.ui.ask.selection import text_language
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.pace import duration
from vtviz.ui.frame.resources import samples
from vtviz.ui.frame.waiting import ask

STATE = "audit-cost"  # what was counted last, and of what
WRONG, PLANTED = 1, 20  # texts of a photo and causes of each kind, where nobody says how many


def known_cost(rows: Rows, settings: Settings) -> Cost | None:
    """The cost with these settings, where it was counted already."""
    counted, cost = st.session_state.get(STATE, (None, None))
    return cost.without(settings) if cost is not None and counted == _name(rows, settings) else None


def show_cost(rows: Rows, settings: Settings, place: DeltaGenerator, extras: Mapping[str, DeltaGenerator]) -> None:
    """Says what the audit costs, and what each extra costs or would cost; counts it where that is not known.

    Args:
        rows: what is to be audited.
        settings: how.
        place: for the whole.
        extras: a place for each extra.
    """
    try:
        cost = _counted(rows, settings)
    except UserError as error:
        place.warning(plain(say_error(error)), icon=":material/schedule:")
        return
    for name, area in extras.items():
        if name in cost.parts:
            area.caption(say("audit.cost.extra", **_said(cost.parts[name])))
    own = cost.without(settings)
    parts = told_parts(own, list(own.parts))
    place.info(f"{say('audit.cost', **_said(own.total))}  \n{parts}", icon=":material/schedule:")


def told_parts(cost: Cost, names: Sequence[str]) -> str:
    """What each of these parts takes."""
    return " · ".join(
        say("audit.cost.part", part=say(f"audit.cost.{name}"), time=duration(cost.parts[name].seconds))
        for name in names
    )


def _said(part: Part) -> dict[str, str]:
    return {"time": duration(part.seconds), "photos": f"{part.photos:,}", "texts": f"{part.texts:,}"}


def _counted(rows: Rows, settings: Settings) -> Cost:
    """The cost with every extra.

    Raises:
        InputError, ModelError: if the rows or the models cannot be used.
    """
    name = _name(rows, settings)
    counted, cost = st.session_state.get(STATE, (None, None))
    if counted == name and cost is not None:
        known: Cost = cost
        return known
    check_own_models(settings.models)
    requests = counting(_rows(rows, settings.limit), _whole(settings))
    cost = add_parts([seconds_of(ask(request)) for request in requests])
    st.session_state[STATE] = (name, cost)
    return cost


def _whole(settings: Settings) -> Settings:
    """With every extra, so that a person sees what each would cost."""
    wrong, planted = settings.wrong_texts or WRONG, settings.planted or PLANTED
    return replace(settings, wrong_texts=wrong, choices=True, planted=planted)


def _name(rows: Rows, settings: Settings) -> str:
    """Of what the cost is counted: another order of the same is the same."""
    if isinstance(rows, OnServer):
        path = from_home(rows.path)
        source = f"{path} {path.stat().st_mtime_ns if path.is_file() else ''}"
    elif isinstance(rows, Uploaded):
        source = rows.manifest.file_id
    elif isinstance(rows, Written):
        source = json.dumps([(file.file_id, said) for file, said in zip(rows.photos, rows.texts, strict=True)])
    else:
        source = text_language()
    return f"{source} {json.dumps(_whole(settings).to_dict())}"


def _rows(rows: Rows, limit: int | None) -> list[Row]:
    """The rows, without their photos.

    Raises:
        InputError: if the manifest cannot be used.
    """
    if isinstance(rows, OnServer):
        return list(read_manifest(from_home(rows.path), limit).rows)
    if isinstance(rows, Uploaded):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "manifest" + PurePath(rows.manifest.name).suffix.lower())
            path.write_bytes(rows.manifest.getvalue())
            return list(read_manifest(path, limit).rows)
    if isinstance(rows, Written):
        pairs = [
            (Path(f"{place}-{file.name}"), text)
            for place, (file, said) in enumerate(zip(rows.photos, rows.texts, strict=True))
            for text in said
        ]
    else:
        pairs = [(ASSETS / "samples" / item.file, item.texts_in(text_language())[0]) for item in samples().values()]
    return [Row(number, image, text) for number, (image, text) in enumerate(pairs[:limit], 1)]
