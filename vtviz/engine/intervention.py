"""What an engine answers to changes, and the file that a program can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import orjson

from vtviz.engine.explanation import Explanation
from vtviz.engine.export import to_dict
from vtviz.engine.run_log import Notes
from vtviz.inputs import WHOLE_FRAME
from vtviz.interventions.changes import PHOTO, Change, as_plain
from vtviz.interventions.photo import changed_picture
from vtviz.interventions.promise import Promise

SCHEMA = "vtviz.interventions/1"
SIDE = ("text", "score", "verdict", "doubt", "match", "unknown_words", "tokens", "signed", "maps_of", "image_map")
SHARED = (
    *("model", "weights_sha256", "method", "layer", "head", "target", "options", "text", "score_kind", "threshold"),
    *("image", "grid", "frame"),
)
MADE = ("timings_ms", "device", "memory_mb", "versions", "notices")


@dataclass(frozen=True)
class Intervention:
    """A model's answer before and after ``changes``; ``values`` are the target before and after.

    ``after`` keeps the photo as it was: what is measured of it must be asked for with the changes. ``promise`` is what
    the map said of what was taken away, or None where it says nothing of it.
    """

    changes: tuple[Change, ...]
    before: Explanation
    after: Explanation
    values: tuple[float, float]
    promise: Promise | None

    @property
    def shown(self) -> Explanation:
        """``after`` with the picture of the photo as it was changed, for people; made only where somebody looks."""
        if not any(isinstance(change, PHOTO) for change in self.changes):
            return self.after
        before = self.before
        picture = changed_picture(before.image, self.changes, before.grid, before.frame)
        return replace(self.after, image=picture, frame=WHOLE_FRAME)

    @property
    def notes(self) -> Notes:
        """What the engine's log keeps of it."""
        after = self.after
        return Notes(method=after.method, timings_ms=after.timings_ms, score=after.score, score_kind=after.score_kind)


def intervention_dict(intervention: Intervention, trials: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The answer as plain values: the schema of ``interventions.json``, whose keys are those of ``explanation.json``.

    Boxes are fractions of the photo; patches are counted row by row from 0, and word places, layers and heads from 0.
    ``trials`` are others on the same photo and text, each with its ``changes``, and ``before`` and ``after``.
    """
    before, after = to_dict(intervention.before), to_dict(intervention.after)
    sides = [
        {"value": value, **{name: side[name] for name in SIDE}}
        for side, value in zip((before, after), intervention.values, strict=True)
    ]
    promise = None if intervention.promise is None else asdict(intervention.promise)
    return {
        "schema": SCHEMA,
        **{name: before[name] for name in SHARED},
        "changes": as_plain(intervention.changes),
        "before": sides[0],
        "after": sides[1],
        "promise": promise,
        **({"trials": list(trials)} if trials else {}),
        **{name: after[name] for name in MADE},
        "fingerprint": after["fingerprint"],
    }


def intervention_json(intervention: Intervention, trials: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """``interventions.json``."""
    return orjson.dumps(intervention_dict(intervention, trials), option=orjson.OPT_SERIALIZE_NUMPY)


@dataclass(frozen=True)
class Contrast:
    """Why one text rather than another: ``first`` and ``second`` explain each text against the other."""

    first: Explanation
    second: Explanation


@dataclass(frozen=True)
class Likeness:
    """The cosine of every patch of a photo with every patch of another (or of the same), ``[patches, patches]``; the
    rows and columns of both ``grids``."""

    cosines: np.ndarray
    grids: tuple[tuple[int, int], tuple[int, int]]

    def best(self, patch: int) -> int:
        """The patch of the other photo that resembles one most; of the same photo, itself."""
        return int(self.cosines[patch].argmax())
