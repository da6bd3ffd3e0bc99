"""The changes that a person can ask for, as values that can be compared, sent and written to a file."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from vtviz.attribution.masked import Fill
from vtviz.inputs import WHOLE_FRAME, Frame, InputError
from vtviz.models.record import Kind


class _Tagged(msgspec.Struct, frozen=True, tag_field="change", tag=str.lower):
    """A value that names its kind where it is written."""


class _Region(_Tagged, frozen=True):
    """Patches of the photo: those whose middle lies in one of ``boxes`` (left, top, right, bottom as fractions of the
    photo), and those of the indices ``patches``, counted row by row."""

    boxes: tuple[Frame, ...] = ()
    patches: tuple[int, ...] = ()

    def mask(self, grid: tuple[int, int], frame: Frame = WHOLE_FRAME) -> np.ndarray:
        """The patches as booleans ``[rows, columns]`` of a grid that lies on ``frame`` of the photo.

        Raises:
            InputError: if a box or a patch is not in the photo, or there is none.
        """
        rows, columns = grid
        inside = np.zeros(grid, dtype=bool)
        for patch in self.patches:
            if not 0 <= patch < rows * columns:
                raise InputError(
                    "There is no patch {patch}: patch numbers start at 0 and stay below {count}.",
                    patch=patch,
                    count=rows * columns,
                )
            inside[divmod(patch, columns)] = True
        for box in self.boxes:
            left, top, right, bottom = check_box(box)
            across = _within(left, right, columns, (frame[0], frame[2]))
            down = _within(top, bottom, rows, (frame[1], frame[3]))
            inside |= down[:, None] & across
        if not inside.any():
            raise InputError("The change names no patch of the photo that the model sees; mark at least one.")
        return inside


class Hide(_Region, frozen=True):
    """Something else stands in for these patches."""

    fill: Fill = "blur"


class Only(_Region, frozen=True):
    """Something else stands in for all patches but these."""

    fill: Fill = "blur"


class Move(_Region, frozen=True):
    """These patches, ``rows`` further down and ``columns`` further right.

    Unless it is a ``copy``, something else stands in for them where they were.
    """

    rows: int = 0
    columns: int = 0
    copy: bool = True
    fill: Fill = "blur"


class Drop(_Tagged, frozen=True):
    """The word at ``place`` (from 0) had never been written."""

    place: int


class Without(_Tagged, frozen=True):
    """Attention of a kind whose weights are zeros, so that it adds nothing before the output projection: in one layer,
    counted from 0 among those of its kind that run for the target, or in all; of one head, or of all."""

    kind: Kind
    layer: int | None = None
    head: int | None = None


class Cut(_Region, frozen=True):
    """The word at ``place`` attends to none of these patches, in any layer or head where words attend to patches.

    The weights that are left grow so that each row sums to 1.
    """

    place: int = 0


class Push(_Region, frozen=True):
    """The word at ``place`` attends to these patches more, in all layers and heads where words attend to patches.

    All other weights of its rows shrink to 1 − ``strength`` of what they were, and what is gained so is spread evenly
    over the patches: each row still sums to 1.
    """

    place: int = 0
    strength: float = 1.0


Change = Hide | Only | Move | Drop | Without | Cut | Push
PHOTO, TEXT, NETWORK = (Hide, Only, Move), (Drop,), (Without, Cut, Push)


def check_box(box: Frame) -> Frame:
    """The box. Raises InputError where it is none inside the photo."""
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise InputError(
            "The box {box} must be left, top, right, bottom as fractions of the photo, from 0 to 1.",
            box=",".join(f"{side:g}" for side in box),
        )
    return box


def as_plain(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    """Changes as values for JSON; ``change`` says of which kind each is."""
    plain: list[dict[str, Any]] = msgspec.to_builtins(changes)
    return plain


def from_plain(values: Any) -> tuple[Change, ...]:
    """The changes in values of JSON.

    Raises:
        InputError: if they are none.
    """
    try:
        return msgspec.convert(values, tuple[Change, ...])
    except msgspec.ValidationError as error:
        raise InputError("These are not changes that vtviz knows: {reason}.", reason=error) from error


def _within(low: float, high: float, count: int, ends: tuple[float, float]) -> np.ndarray:
    """Which of ``count`` equal parts between ``ends`` have their middle from ``low`` to ``high``; where none has, the
    one that holds the middle of both, if any."""
    size = (ends[1] - ends[0]) / count
    middles = ends[0] + (np.arange(count) + 0.5) * size
    parts = (middles >= low) & (middles <= high)
    if not parts.any():
        parts = np.arange(count) == np.floor(((low + high) / 2 - ends[0]) / size)
    return parts
