"""What is evaluated, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vtviz.inputs import InputError
from vtviz.models.registry import DEFAULT_MODEL


@dataclass(frozen=True)
class Settings:
    """The settings of an evaluation; equal settings, pairs and weights give equal scores.

    ``limit`` is the most photos of a data set, or rows of a manifest.
    """

    model: str = DEFAULT_MODEL
    limit: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Settings from what ``to_dict`` gave. Raises InputError where they are none."""
    try:
        return Settings(**values)
    except TypeError as error:
        raise InputError(
            "These settings of an evaluation come from another version of vtviz; start a new one."
        ) from error
