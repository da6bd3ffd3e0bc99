"""What the methods of patch–word similarity need of a model."""

from __future__ import annotations

from vtviz.inputs import InputError
from vtviz.models.base import Abilities, TargetKind

BEFORE: tuple[TargetKind, ...] = ("match", "similarity")


def need_vectors(abilities: Abilities, target: TargetKind, label: str) -> InputError | None:
    """Why a method that compares words with patches is not defined, or None where it is."""
    if not abilities.compares:
        return InputError(
            "{method} needs words and patches as vectors in one space, which this model does not have; choose "
            "another method.",
            method=label,
        )
    if target not in BEFORE:
        return InputError(
            "{method} compares words with patches, which does not explain the {target}; choose another method.",
            method=label,
            target=target,
        )
    return None
