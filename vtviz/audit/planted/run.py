"""The planted causes of an audit: for each model every kind, kept in the folder, so done once."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vtviz.audit.kept import found_before
from vtviz.audit.planted.carriers import carriers_of
from vtviz.audit.planted.figures import planted_figures
from vtviz.audit.planted.trials import PLANTED
from vtviz.audit.requests import About, PlantCauses
from vtviz.audit.settings import RANDOM, Settings
from vtviz.files import write_atomically
from vtviz.jobs.door import Door
from vtviz.manifests.read import Row
from vtviz.watch import Cancelled, Watch

KEPT = "planted.json"
OUTCOME = {"planted", "took", "moved", "chance", "hits"}


def run_planted(
    folder: Path, rows: Sequence[Row], settings: Settings, models: Sequence[About], door: Door, watch: Watch
) -> dict[str, Any]:
    """The figures of the planted causes by model (see ``planted_figures``); nothing where none are asked for.

    Args:
        folder: of the audit.
        rows: those that were measured; causes are planted in their photos and texts.
        settings: of the audit.
        models: their names and methods.
        door: the way to them.
        watch: hears of each kind, and may cancel.

    Raises:
        Cancelled: if the watch says so.
    """
    if not settings.planted:
        return {}
    carriers, file = carriers_of(rows), folder / KEPT
    digest = hashlib.sha256(b"".join(item.pixels.tobytes() + item.text.encode() for item in carriers)).hexdigest()
    known = _known(file, digest)
    work = [(model, kind) for model in models for kind in PLANTED]
    watch.enter("planted", len(work), sum(f"{model.name}|{kind}" in known for model, kind in work))
    for model, kind in work:
        if f"{model.name}|{kind}" in known:
            continue
        watch.check(pause=False)
        request = PlantCauses(model.name, kind, settings.planted, model.methods, carriers, settings.seed)
        known[f"{model.name}|{kind}"] = _answer(request, door, watch)
        write_atomically(file, json.dumps({"carriers": digest, "found": known}).encode())
        watch.advance()
    return {
        model.name: planted_figures({kind: known[f"{model.name}|{kind}"] for kind in PLANTED}, model.methods)
        for model in models
    }


def _answer(request: PlantCauses, door: Door, watch: Watch) -> dict[str, Any]:
    """What was found; a kind that this model cannot be given does not cost the others, and says why."""
    try:
        found: dict[str, Any] = door(request, watch.quietly())
        return found
    except Cancelled:
        raise
    except Exception as error:
        logging.getLogger("vtviz").exception("no %s was planted in %s", request.kind, request.model)
        hits = dict.fromkeys((*request.methods, RANDOM), 0.0)
        return {"planted": 0, "took": 0, "moved": None, "chance": None, "hits": hits, "reason": str(error)}


def _known(file: Path, digest: str) -> dict[str, Any]:
    """What was found with the same photos and texts before."""
    found = found_before(file, "carriers", digest)
    return {key: value for key, value in found.items() if isinstance(value, dict) and value.keys() >= OUTCOME}
