"""What the server's log says: one JSON object a line, with the name of the request in every process, and nothing that a
person wrote, showed or named."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serve.running import running
from vtviz.attribution.options import Options
from vtviz.engine.local import LocalEngine
from vtviz.engine.remote.client import RemoteEngine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.logs import JsonLines
from vtviz.watch import Watch

TEXT = "a dog runs"


class Lines:
    """What was logged."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, self.text.splitlines()) if line["event"] == event]


@pytest.fixture
def lines() -> Iterator[Lines]:
    made, log = Lines(), logging.getLogger("vtviz")
    handler, level = logging.StreamHandler(made.stream), log.level
    handler.setFormatter(JsonLines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield made
    log.removeHandler(handler)
    log.setLevel(level)


def sent(cat_bytes: bytes) -> dict[str, Any]:
    return {"photo": ("cat.jpg", cat_bytes, "image/jpeg")}


def test_a_request_has_one_name_from_the_page_to_the_worker(
    tiny_engine: LocalEngine, photo: ImageInput, lines: Lines
) -> None:
    with running(tiny_engine) as address:
        engine = RemoteEngine(address)
        engine.ask(Explain(photo, TEXT), Watch(request_id="of-the-page"))
        engine.start(
            Explain(photo, TEXT, method="rise", options=Options(samples=10)), Watch(request_id="slow")
        ).future.result()
        engine.ask(Explain(photo, "a dog"))
    at_the_door, at_the_worker = lines.of("request"), lines.of("answered")
    names = [line["request_id"] for line in at_the_worker]
    assert names[:2] == ["of-the-page", "slow"] and re.fullmatch("[0-9a-f]{16}", names[2])
    assert {line["request_id"]: line["route"] for line in at_the_door if line["request_id"] in names} == {
        "of-the-page": "/v1/engine/ask",
        "slow": "/v1/engine/start",
        names[2]: "/v1/engine/ask",
    }
    assert at_the_worker[0]["request"] == "Explain" and at_the_worker[0]["duration_ms"] > 0
    assert TEXT not in lines.text


def test_a_line_has_route_status_and_time_but_no_text_photo_or_path(
    client: TestClient, cat_bytes: bytes, lines: Lines
) -> None:
    client.post("/v1/score", files=sent(cat_bytes), data={"text": TEXT}, headers={"x-request-id": "abc"})
    client.get("/v1/audits/77/report.json")
    client.get(f"/v1/{TEXT}")
    client.get("/healthz")
    first, second, third = lines.of("request")
    assert {name: first[name] for name in ("request_id", "method", "route", "status", "level")} == {
        "request_id": "abc",
        "method": "POST",
        "route": "/v1/score",
        "status": 200,
        "level": "info",
    }
    assert first["duration_ms"] > 0 and first["time"].endswith("+00:00")
    assert (second["route"], second["status"]) == ("/v1/audits/{number}/{part}", 404)
    assert (third["route"], third["status"]) == ("/v1/*", 404)
    assert TEXT not in lines.text and "cat.jpg" not in lines.text


def test_a_name_is_taken_over_where_it_is_short_and_plain(client: TestClient) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/v1/methods"):
        assert client.get(path, headers={"x-request-id": "a.B-1_"}).headers["x-request-id"] == "a.B-1_"
        for odd in ("x" * 65, "a b", 'a"b', ""):
            named = client.get(path, headers={"x-request-id": odd}).headers["x-request-id"]
            assert re.fullmatch("[0-9a-f]{16}", named)


def test_a_failure_carries_its_name_to_the_client_and_the_log_says_where_it_arose(
    client: TestClient, tiny_engine: LocalEngine, cat_bytes: bytes, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"{TEXT} in /home/me/cat.jpg")

    monkeypatch.setattr(tiny_engine, "ask", fail)
    response = client.post("/v1/caption", files=sent(cat_bytes), headers={"x-request-id": "bad"})
    assert response.status_code == 500 and response.headers["x-request-id"] == "bad"
    (failed,), (noted,) = lines.of("A request failed"), lines.of("request")
    assert failed["request_id"] == noted["request_id"] == "bad" and noted["status"] == 500
    assert failed["error"] == "RuntimeError" and f"{__name__}.fail:" in failed["stack"][-1]
    monkeypatch.setattr(tiny_engine, "is_loaded", fail)  # where no problem is made of it
    response = client.get("/readyz", headers={"x-request-id": "worse"})
    assert response.status_code == 500 and response.headers["x-request-id"] == "worse"
    assert lines.of("A request failed")[1]["request_id"] == "worse"
    assert TEXT not in lines.text and "/home/me" not in lines.text


def test_of_what_libraries_say_words_and_paths_are_left_out() -> None:
    def said(sentence: str, *values: object) -> str:
        record = logging.LogRecord("library", logging.WARNING, "x.py", 1, sentence, values, None)
        return str(json.loads(JsonLines().format(record))["event"])

    assert said("row %d of %s: %s", 3, "cat.jpg", ValueError(TEXT)) == "row 3 of …: ValueError"
    assert said("no file '/home/me/cat.jpg' there") == "no file '…' there"
    assert said("50 %") == "50 %" and said("%s and %s", 1) == "%s and %s"
