"""What vtviz-base can do, as far as that is known before it is loaded."""

from __future__ import annotations

from vtviz.models.base import Abilities, TargetKind
from vtviz.models.record import KINDS, Kind

ENCODERS: frozenset[Kind] = frozenset({"image", "text"})
DECODERS: frozenset[Kind] = ENCODERS | {"text→image"}


def abilities(captions: bool, answers: bool) -> Abilities:
    """What the network can do with a caption head or without, with an answer head or without."""
    kinds: dict[TargetKind, frozenset[Kind]] = {"match": frozenset(KINDS), "similarity": ENCODERS}
    kinds.update({"caption": DECODERS} if captions else {})
    kinds.update({"answer": DECODERS} if answers else {})
    return Abilities(kinds, compares=True)
