"""What an engine says over HTTP while it works, in frames: a byte for the kind, four for the length, then the body.

The last frame of a stream is an answer or a failure; until then there are progress and signs of life.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from vtviz.engine.messages import decode, encode
from vtviz.engine.turns import Busy
from vtviz.errors import UserError
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.watch import Cancelled, Progress

ANSWER, FAILURE, PROGRESS, ALIVE = b"A", b"F", b"P", b"."
KINDS = (ANSWER, FAILURE, PROGRESS, ALIVE)
HEAD = struct.Struct(">cI")
FAILED = "The engine failed; its log says why."
USER_ERRORS: dict[str, type[UserError]] = {kind.__name__: kind for kind in (InputError, ModelError, Busy)}


class BrokenStream(Exception):
    """What came is no stream of frames, or it ends before its last one."""


class Frame(NamedTuple):
    """One message of a stream."""

    kind: bytes
    body: bytes = b""

    def written(self) -> bytes:
        """The frame as bytes."""
        return HEAD.pack(self.kind, len(self.body)) + self.body


class _Failure(msgspec.Struct, array_like=True):
    """An error by the name of its kind; ``said`` is its message, where it has no sentence for people."""

    kind: str
    sentence: str = ""
    values: dict[str, Any] = {}
    said: str = ""


def read_frames(chunks: Iterable[bytes]) -> Iterator[Frame]:
    """The frames in bytes that come in pieces of any length.

    Raises:
        BrokenStream: if these are no frames, or the stream ends inside one.
    """
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= HEAD.size:
            kind, length = HEAD.unpack_from(held)
            if kind not in KINDS:
                raise BrokenStream("no stream of an engine")
            if len(held) < HEAD.size + length:
                break
            yield Frame(kind, bytes(held[HEAD.size : HEAD.size + length]))
            del held[: HEAD.size + length]
    if held:
        raise BrokenStream("it ends in the middle of a frame")


def progress_frame(now: Progress) -> Frame:
    """How far the work is."""
    return Frame(PROGRESS, encode(now))


def read_progress(frame: Frame) -> Progress:
    """The progress in a frame."""
    now: Progress = decode(frame.body, Progress)
    return now


def failure_frame(error: BaseException) -> Frame:
    """An error, with its sentence where it is for people; of any other, a person is told that there was one."""
    if isinstance(error, UserError):
        kind = next((name for name, known in USER_ERRORS.items() if isinstance(error, known)), "InputError")
        values = {name: v if isinstance(v, str | int | float) else str(v) for name, v in error.values.items()}
        return Frame(FAILURE, msgspec.msgpack.encode(_Failure(kind, error.sentence, values)))
    known = isinstance(error, Cancelled | MemoryError)
    return Frame(FAILURE, msgspec.msgpack.encode(_Failure(type(error).__name__ if known else "", said=FAILED)))


def read_failure(frame: Frame) -> BaseException:
    """The error in a frame, to be raised."""
    failure = msgspec.msgpack.decode(frame.body, type=_Failure)
    if failure.kind in USER_ERRORS:
        return USER_ERRORS[failure.kind](failure.sentence, **failure.values)
    return {"Cancelled": Cancelled, "MemoryError": MemoryError}.get(failure.kind, RuntimeError)(failure.said)
