"""Whatever a program sends that the description of the API allows or forbids, nothing fails on the server's side."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from starlette.applications import Starlette

from vtviz.engine.local import LocalEngine
from vtviz.serve.server import Server

schemathesis = pytest.importorskip("schemathesis")
schema = schemathesis.pytest.from_fixture("described")


@pytest.fixture
def described(tiny_engine: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("VTVIZ_DATA", str(tmp_path))
    server = Server(tiny_engine, local=False)
    app: Starlette = server.app()
    yield schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    server.close()


@schema.parametrize()
@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_nothing_fails(case: Any) -> None:
    assert case.call().status_code in {*range(200, 500), 503}
