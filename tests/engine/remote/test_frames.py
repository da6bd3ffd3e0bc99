"""Frames in pieces of any length, and errors that come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtviz.engine.remote.frames import (
    ALIVE,
    ANSWER,
    KINDS,
    BrokenStream,
    Frame,
    failure_frame,
    progress_frame,
    read_failure,
    read_frames,
    read_progress,
)
from vtviz.engine.turns import Busy
from vtviz.errors import UserError
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.watch import Cancelled, Progress

frames = st.lists(st.builds(Frame, st.sampled_from(KINDS), st.binary(max_size=40)), max_size=6)


@given(frames, st.integers(1, 30))
def test_frames_come_back_from_pieces_of_any_length(sent: list[Frame], length: int) -> None:
    data = b"".join(frame.written() for frame in sent)
    pieces = [data[start : start + length] for start in range(0, len(data), length)]
    assert list(read_frames(pieces)) == sent


def test_a_stream_that_is_none_or_ends_early_is_broken() -> None:
    with pytest.raises(BrokenStream):
        list(read_frames([b"<html>not an engine</html>"]))
    with pytest.raises(BrokenStream):
        list(read_frames([Frame(ALIVE).written() + Frame(ANSWER, b"1234").written()[:-1]]))


@pytest.mark.parametrize("kind", [InputError, ModelError, Busy])
def test_errors_for_people_come_back_with_their_sentence_and_values(kind: type[UserError]) -> None:
    error = kind("There are {count} of {what}.", count=3, what="dogs")
    back = read_failure(failure_frame(error))
    assert type(back) is kind and str(back) == str(error) and isinstance(back, UserError)
    assert back.sentence == error.sentence and back.values == error.values


def test_other_errors_say_nothing_of_the_engine() -> None:
    assert isinstance(read_failure(failure_frame(Cancelled())), Cancelled)
    assert isinstance(read_failure(failure_frame(MemoryError())), MemoryError)
    back = read_failure(failure_frame(ValueError("/home/secret")))
    assert type(back) is RuntimeError and "secret" not in str(back)


def test_progress_comes_back() -> None:
    now = Progress("attribution", 3, 10, 1, 2.5, "note")
    assert read_progress(progress_frame(now)) == now
