"""What requests about an attribution have in common."""

from __future__ import annotations

from dataclasses import dataclass

from vtviz.engine.explanation import Attribution


@dataclass(frozen=True)
class AttributionRequest:
    """A quick request about what a method found, to the model that it was found for."""

    of: Attribution

    slow = False

    @property
    def model(self) -> str:
        return self.of.model

    @property
    def device(self) -> str | None:
        return self.of.device
