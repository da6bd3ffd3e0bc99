"""What a person likes and dislikes among the photos of a folder; it survives a reload."""

from __future__ import annotations

from typing import Literal

from vtviz.tasks.search.store import Store
from vtviz.ui.frame.person.visitor import kept_for_visitor

Side = Literal["like", "dislike"]


def judged(store: Store) -> dict[str, str]:
    """``like`` or ``dislike`` by the path of a photo, in the order in which they were judged."""
    kept: dict[str, dict[str, str]] = kept_for_visitor("search-taste", dict)
    return kept.setdefault(store.address, {})


def toggle(store: Store, photo: str, side: Side) -> None:
    """Judges a photo, or takes the same judgement back."""
    own = judged(store)
    if own.pop(photo, None) != side:
        own[photo] = side


def of_side(store: Store, side: Side) -> list[str]:
    """The photos that are liked, or disliked."""
    return [photo for photo, own in judged(store).items() if own == side]


def judge(store: Store, likes: list[str], dislikes: list[str]) -> None:
    """Takes over the judgements of a profile; those made before stay where it says nothing."""
    judged(store).update({**dict.fromkeys(likes, "like"), **dict.fromkeys(dislikes, "dislike")})


def forget(store: Store) -> None:
    """Likes and dislikes nothing any more."""
    judged(store).clear()
