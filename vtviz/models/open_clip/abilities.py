"""What open_clip's models can do."""

from __future__ import annotations

from vtviz.models.base import Abilities
from vtviz.models.record import Kind

TOWERS: frozenset[Kind] = frozenset({"image", "text"})
READS: frozenset[Kind] = TOWERS | {"text→image"}
DUAL_ENCODER = Abilities({"match": TOWERS, "similarity": TOWERS}, compares=True)
COCA = Abilities({"match": READS, "similarity": TOWERS, "caption": READS}, compares=True, reads_patches=False)
