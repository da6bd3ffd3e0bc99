"""Every test of an engine runs twice: on the one in this process, and on one that knows the contract alone."""

from collections.abc import Callable, Iterator

import pytest

from tests.engine.sent import SentEngine
from vtviz.engine.engine import Engine
from vtviz.engine.local import LocalEngine

KINDS = ("local", "sent")


@pytest.fixture(params=KINDS)
def make_engine(request: pytest.FixtureRequest) -> Iterator[Callable[[], Engine]]:
    """Makes engines of their own for a test that counts what they do; they are closed after it."""
    made: list[Engine] = []

    def make() -> Engine:
        local = LocalEngine("cpu")
        made.append(local if request.param == "local" else SentEngine(local))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture(scope="session", params=KINDS)
def engine(request: pytest.FixtureRequest, engine: LocalEngine) -> Engine:
    """The shipped model's engine."""
    return engine if request.param == "local" else SentEngine(engine)


@pytest.fixture(params=KINDS)
def tiny_engine(request: pytest.FixtureRequest, tiny_engine: LocalEngine) -> Engine:
    """The small network's engine."""
    return tiny_engine if request.param == "local" else SentEngine(tiny_engine)
