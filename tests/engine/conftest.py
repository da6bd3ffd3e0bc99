"""Every test of an engine runs twice: on the one in this process, and over HTTP as on one of another process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.serve.running import running
from vtviz.engine.engine import Engine
from vtviz.engine.local import LocalEngine
from vtviz.engine.remote.client import RemoteEngine

KINDS = ("local", "remote")


@pytest.fixture(params=KINDS)
def make_engine(request: pytest.FixtureRequest) -> Iterator[Callable[[], Engine]]:
    """Makes engines of their own for a test that counts what they do; they are closed after it."""
    with ExitStack() as made:

        def make() -> Engine:
            local = LocalEngine("cpu")
            made.callback(local.close)
            return local if request.param == "local" else RemoteEngine(made.enter_context(running(local)))

        yield make


@pytest.fixture(scope="session", params=KINDS)
def engine(request: pytest.FixtureRequest, engine: LocalEngine) -> Iterator[Engine]:
    """The shipped model's engine."""
    yield from _as(request.param, engine)


@pytest.fixture(params=KINDS)
def tiny_engine(request: pytest.FixtureRequest, tiny_engine: LocalEngine) -> Iterator[Engine]:
    """The small network's engine."""
    yield from _as(request.param, tiny_engine)


def _as(kind: str, engine: LocalEngine) -> Iterator[Engine]:
    if kind == "local":
        yield engine
        return
    with running(engine) as address:
        yield RemoteEngine(address)
