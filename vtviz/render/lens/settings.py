"""What a person has pinned and set in a lens, as values that mean the same in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from vtviz.models.record import KINDS
from vtviz.render.lens.view import WAYS

MOST = 10**6  # beyond any index
LONGEST = 10_000  # characters
COLOURS = ("cividis", "viridis", "inferno")


@dataclass(frozen=True)
class LensSettings:
    """The state of a lens.

    ``words`` are the indices of the pinned words: several are a phrase, none is the whole text, None the lens's own
    choice. ``patch`` counts row by row; ``box`` is the first row and column of several patches, and the last.
    ``show`` is one of WAYS to look, None for the lens's own choice; ``against`` says whether signed maps show what
    speaks against the answer too. ``kind`` is the attention shown, with ``layer`` counted among the layers of that
    kind and ``head``: ``mean`` for all, None for the view's own. ``opacity`` and ``split`` are percentages; left of
    ``split`` the photo is bare. ``scale`` is ``own`` (each map to its own maximum) or ``shared``.
    """

    words: tuple[int, ...] | None = None
    patch: int | None = None
    show: str | None = None
    against: bool = False
    kind: str | None = None
    layer: int | str | None = None
    head: int | str | None = None
    pieces: bool = False
    opacity: int = 80
    colours: str = COLOURS[0]
    smooth: bool = True
    split: int | None = None
    scale: str = "own"
    box: tuple[int, ...] | None = None

    def to_dict(self) -> dict[str, str]:
        """What differs from the defaults, as short strings, for an address."""
        default = LensSettings()
        changed = {setting.name: getattr(self, setting.name) for setting in fields(self)}
        return {name: _write(value) for name, value in changed.items() if value != getattr(default, name)}

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> LensSettings:
        """Settings from what ``to_dict`` or the browser wrote; whatever makes no sense is left at its default."""
        read = {name: _READERS[name](values[name]) for name in _READERS if values.get(name) is not None}
        return LensSettings(**{name: value for name, value in read.items() if value is not None})

    @staticmethod
    def unread(values: Mapping[str, Any]) -> list[str]:
        """The names of the values that make no sense."""
        return [name for name, value in values.items() if name not in _READERS or _READERS[name](value) is None]


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return ".".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _words(value: Any) -> tuple[int, ...] | None:
    parts = [part for part in value[:LONGEST].split(".") if part] if isinstance(value, str) else value
    indices = [_index(part) for part in parts] if isinstance(parts, list | tuple) else [None]
    return None if None in indices else tuple(sorted({index for index in indices if index is not None}))


def _box(value: Any) -> tuple[int, ...] | None:
    parts = value[:LONGEST].split(".") if isinstance(value, str) else value
    numbers = [_index(part) for part in parts] if isinstance(parts, list | tuple) else []
    box = tuple(number for number in numbers if number is not None)
    return box if len(numbers) == len(box) == 4 and box[0] <= box[2] and box[1] <= box[3] else None


def _index(value: Any) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= MOST else None


def _percentage(value: Any) -> int | None:
    number = _index(value)
    return None if number is None else min(number, 100)


def _index_or_mean(value: Any) -> int | str | None:
    return "mean" if value == "mean" else _index(value)


def _flag(value: Any) -> bool | None:
    return {"1": True, "0": False, "True": True, "False": False}.get(str(value))


def _one_of(*allowed: str) -> Any:
    return lambda value: value if value in allowed else None


_READERS: dict[str, Any] = {
    "words": _words,
    "patch": _index,
    "box": _box,
    "show": _one_of(*WAYS),
    "against": _flag,
    "kind": _one_of(*KINDS),
    "layer": _index_or_mean,
    "head": _index_or_mean,
    "pieces": _flag,
    "opacity": _percentage,
    "colours": _one_of(*COLOURS),
    "smooth": _flag,
    "split": _percentage,
    "scale": _one_of("own", "shared"),
}
