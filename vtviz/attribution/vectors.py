"""What the methods of patch–word similarity need of a model."""

from __future__ import annotations

from vtviz.inputs import InputError
from vtviz.models.base import Abilities, TargetKind

BEFORE: tuple[TargetKind, ...] = ("match", "similarity")


def need_vectors(abilities: Abilities, target: TargetKind, label: str) -> InputError | None:
    """Why a method that compares words with patches is not defined, or None where it is."""
    if not abilities.compares:
        return InputError(
            "{method} needs vectors of single words and patches in one space, and this model has none.", method=label
        )
    if target not in BEFORE:
        return InputError(
            "{method} compares words with patches, which says nothing about the {target}.", method=label, target=target
        )
    return None
