"""Whatever a program sends that the description of the API allows or forbids, nothing fails on the server's side."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from vtviz.engine.local import LocalEngine
from vtviz.serve.server import Server

schemathesis = pytest.importorskip("schemathesis", reason="pip install -r requirements-benchmarks.txt")
EXAMPLES = 3  # of each route
FINE = {*range(200, 500), 503}  # 503: a model that is not here


def test_nothing_fails(tiny_engine: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTVIZ_DATA", str(tmp_path))
    server = Server(tiny_engine, local=False)
    schema, tried = schemathesis.openapi.from_asgi("/v1/openapi.json", server.app()), 0
    for found in schema.get_all_operations():

        @given(case=found.ok().as_strategy())
        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        def is_fine(case: Any) -> None:
            response = case.call()
            assert response.status_code in FINE, (case, response.text)

        is_fine()
        tried += 1
    server.close()
    assert tried > 25
