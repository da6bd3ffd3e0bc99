"""The API for programs, with the small network behind it."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from vtviz.engine.export import to_dict
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.turns import Busy
from vtviz.inputs import read_image
from vtviz.models.base import ModelError
from vtviz.serve.server import Server

TEXT = "a dog runs"


def sent(cat_bytes: bytes) -> dict[str, Any]:
    return {"photo": ("cat.jpg", cat_bytes, "image/jpeg")}


def is_problem(response: httpx.Response, status: int, words: str) -> bool:
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code == body["status"] == status and words in body["detail"]


def test_an_explanation_is_that_of_the_engine(client: TestClient, tiny_engine: LocalEngine, cat_bytes: bytes) -> None:
    response = client.post("/v1/explain", files=sent(cat_bytes), data={"text": TEXT, "method": "rollout"})
    assert response.status_code == 200 and response.headers["x-request-id"]
    expected = json.loads(json.dumps(to_dict(tiny_engine.ask(Explain(read_image(cat_bytes), TEXT, method="rollout")))))
    assert response.json() == expected


def test_a_browser_gets_the_lens(client: TestClient, cat_bytes: bytes) -> None:
    accept = {"accept": "text/html"}
    text = "a dog <script>alert(1)</script>"
    response = client.post("/v1/explain?language=zh", files=sent(cat_bytes), data={"text": text}, headers=accept)
    assert response.headers["content-type"].startswith("text/html") and 'lang="zh-Hans"' in response.text
    assert "<script>alert" not in response.text


def test_texts_are_scored_one_by_one(client: TestClient, tiny_engine: LocalEngine, cat_bytes: bytes) -> None:
    rows = client.post("/v1/score", files=sent(cat_bytes), data={"text": [TEXT, "a skateboarder"]}).json()
    photo = read_image(cat_bytes)
    assert [row["score"] for row in rows] == [
        tiny_engine.ask(Explain(photo, text)).score for text in (TEXT, "a skateboarder")
    ]
    many = client.post("/v1/score", files=sent(cat_bytes), data={"text": ["a"] * 65})
    assert is_problem(many, 422, "more than 64 texts")


def test_captions_and_answers(client: TestClient, cat_bytes: bytes) -> None:
    captions = client.post("/v1/caption", files=sent(cat_bytes)).json()
    assert captions and all(0 <= row["match"] <= 1 and row["text"] for row in captions)
    answer = client.post("/v1/answer", files=sent(cat_bytes), data={"question": "is it a dog"}).json()
    assert {row["answer"] for row in answer["candidates"]} == {"no", "yes"}


def test_the_lists_are_those_of_the_command_line(client: TestClient) -> None:
    assert "vtviz-base" in {row["name"] for row in client.get("/v1/models").json()}
    assert "rollout" in {row["name"] for row in client.get("/v1/methods").json()}
    assert {"insertion", "deletion"} <= {row["name"] for row in client.get("/v1/metrics").json()}


@pytest.mark.parametrize(
    ("photo", "data", "status", "words"),
    [
        (b"no photo", {"text": TEXT}, 422, "not a JPEG"),
        (b"", {"text": TEXT}, 422, "empty"),
        (b"x" * (15 * 2**20 + 1), {"text": TEXT}, 413, "larger than 15 MB"),
        (None, {"text": "..."}, 422, "no words"),
        (None, {}, 422, "text: Field required"),
        (None, {"text": TEXT, "method": "nothing"}, 422, "nothing"),
        (None, {"text": TEXT, "target": "caption:99"}, 422, ""),
        (None, {"text": TEXT, "layer": "-1"}, 422, "layer"),
        (None, {"text": TEXT, "model": "open_clip:ViT-B-32@/etc/passwd"}, 503, "only from its own folder"),
    ],
)
def test_what_is_wrong_is_a_problem_with_one_sentence(
    client: TestClient, cat_bytes: bytes, photo: bytes | None, data: dict[str, str], status: int, words: str
) -> None:
    files = sent(cat_bytes if photo is None else photo)
    assert is_problem(client.post("/v1/explain", files=files, data=data), status, words)


@pytest.mark.parametrize(
    ("error", "status"), [(Busy("Too many."), 429), (ModelError("No weights."), 503), (RuntimeError("secret"), 500)]
)
def test_errors_of_the_engine(
    client: TestClient,
    tiny_engine: LocalEngine,
    cat_bytes: bytes,
    error: Exception,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(tiny_engine, "ask", fail)
    response = client.post("/v1/caption", files=sent(cat_bytes))
    assert is_problem(response, status, "" if status == 500 else str(error)) and "secret" not in response.text
    assert (response.headers.get("retry-after") is not None) == (status == 429)


def test_health_readiness_and_figures(client: TestClient, cat_bytes: bytes) -> None:
    assert client.get("/healthz").text == "ok" and client.get("/readyz").status_code == 503
    client.post("/v1/score", files=sent(cat_bytes), data={"text": TEXT})
    assert client.get("/readyz").json() == {"ready": True, "model": "vtviz-base"}
    figures = client.get("/metrics").text
    assert 'vtviz_requests_total{model="vtviz-base",outcome="ok",request="Explain"} 1.0' in figures


def test_the_api_describes_itself(client: TestClient) -> None:
    paths = client.get("/v1/openapi.json").json()["paths"]
    assert {"/explain", "/score", "/caption", "/answer", "/models"} <= set(paths)
    assert not any(path.startswith("/engine") for path in paths)


def test_the_description_for_people_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/v1/docs").text
    for path in client.get("/v1/openapi.json").json()["paths"]:
        assert f"<code>/v1{path}</code>" in page
    assert "<td><code>text</code></td>" in page and ">file<" in page
    assert "://" not in page and "<script" not in page


def test_without_the_token_nothing_is_told_but_that_it_lives(tiny_engine: LocalEngine) -> None:
    with TestClient(Server(tiny_engine, token="open sesame", local=False).app()) as client:
        for path in ("/v1/models", "/metrics", "/v1/docs", "/v1/openapi.json"):
            assert client.get(path).status_code == 401
            assert client.get(path, headers={"authorization": "Bearer open"}).status_code == 401
            assert client.get(path, headers={"authorization": "Bearer open sesame"}).status_code == 200
        assert client.post("/v1/engine/status").status_code == 401
        assert client.get("/healthz").status_code == 200


def test_a_request_without_end_is_refused(client: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(70):
            yield b"x" * 2**20

    form = {"content-type": "multipart/form-data; boundary=x"}
    assert is_problem(client.post("/v1/score", content=endless(), headers=form), 413, "64 MB")
    assert is_problem(client.post("/v1/engine/ready", content=b"\x01"), 422, "not a vtviz request")
    assert is_problem(client.post("/v1/engine/loaded", content=b"\x01"), 422, "not a vtviz request")


EVIL = "https://evil.example"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": EVIL, "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://localhost:3000", "sec-fetch-site": "same-site"}, 403),
        ({"origin": EVIL}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:8600", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://127.0.0.1:8600"}, 200),
        ({}, 200),
    ],
)
def test_pages_of_other_websites_cannot_use_a_server_without_a_token(
    tiny_engine: LocalEngine, cat_bytes: bytes, headers: dict[str, str], status: int
) -> None:
    with TestClient(Server(tiny_engine).app(), base_url="http://127.0.0.1:8600") as own:
        response = own.post("/v1/score", files=sent(cat_bytes), data={"text": TEXT}, headers=headers)
        assert response.status_code == status
        assert own.post("/v1/engine/status", headers=headers).status_code == status
        followed = {**headers, "sec-fetch-mode": "navigate"} if "sec-fetch-site" in headers else {}
        assert own.get("/v1/docs", headers=followed).status_code == 200


def test_on_this_machine_it_answers_to_no_foreign_name_and_elsewhere_it_fetches_only_what_it_offers(
    tiny_engine: LocalEngine, client: TestClient, cat_bytes: bytes
) -> None:
    with TestClient(Server(tiny_engine).app(), base_url="http://evil.example") as rebound:
        assert rebound.get("/v1/models").status_code == 400
    with TestClient(Server(tiny_engine).app(), base_url="http://localhost:8600") as own:
        assert own.get("/v1/models").status_code == 200
    response = client.post("/v1/score", files=sent(cat_bytes), data={"text": TEXT, "model": "open_clip:RN50/openai"})
    assert is_problem(response, 503, "downloads only the models that it offers")
