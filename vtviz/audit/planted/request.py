"""What is asked of an engine to plant causes and look for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vtviz.audit.planted.carriers import Carrier
from vtviz.audit.planted.detect import try_kind
from vtviz.audit.planted.trials import Kind, Planter
from vtviz.jobs.door import Workbench
from vtviz.models.base import FusionModel
from vtviz.watch import Watch


@dataclass(frozen=True)
class PlantCauses:
    """``count`` planted causes of a kind, and whether ``methods`` find them (see ``try_kind``)."""

    model: str
    kind: Kind
    count: int
    methods: tuple[str, ...]
    carriers: tuple[Carrier, ...]
    seed: int
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> dict[str, Any]:
        planter = Planter(model, self.carriers, self.seed, watch)
        return try_kind(planter, self.kind, self.count, self.methods)
