"""The API for programs, with the small network behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from vtviz.engine.local import LocalEngine
from vtviz.serve.server import Server


@pytest.fixture
def client(tiny_engine: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("VTVIZ_DATA", str(tmp_path))
    server = Server(tiny_engine, local=False)
    with TestClient(server.app(), raise_server_exceptions=False) as client:
        yield client
