"""Whatever a program sends that the description of the API allows or forbids, nothing fails on the server's side.

Real photos, manifests, policies and jobs stand among the inputs, so that they get past the first check. The gate tries
a few of each route, always the same. To try many others and see how they were answered:

    VTVIZ_API_EXAMPLES=200 python -m pytest -s tests/serve/test_schema_of_the_api.py
"""

import io
import json
import os
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.serve.test_jobs_of_the_api import over
from tests.tasks.search.made import save_photo
from vtviz.engine.local import LocalEngine
from vtviz.serve.server import Server

schemathesis = pytest.importorskip("schemathesis", reason="pip install -r requirements-benchmarks.txt")
USUAL = 6  # examples of each route
EXAMPLES = int(os.environ.get("VTVIZ_API_EXAMPLES", USUAL))
FINE = {*range(200, 500), 503}  # 503: a model that is not here
Value = TypeVar("Value")
ODD = [
    "0.png",
    "0.png",
    "x" * 300,
    "a." + "x" * 300,
    "../0.png",
    "a/b\\c.png",
    "𝔞 …",
    "~.zip",
    "0.png.csv",
    ".jsonl",
    "con",
    '"',
    "a\nb",
]
MANIFESTS = [
    b"image,text,rules\n0.png,a dog,dogs\n1.png,a,\n",
    b'{"image": "0.png", "text": "a dog", "boxes": [[0, 0, 9, 9]], "group": "x"}\n',
    b"image,text\n" + b"x" * 300 + b".png,a dog\n",
]
POLICY = b"schema: vtviz.policy/1\nname: P\nrules:\n  - {name: dogs, photo: [a dog], threshold: 0, action: review}\n"
NAMES = {
    "photo": ["0.png", *ODD],
    "zip": ["a.zip", "0.png", *ODD],
    "manifest": ["m.csv", "m.jsonl", "m.json", *ODD],
    "policy": ["p.yaml", *ODD],
}
LIKELY: dict[str, list[Any]] = {
    "text": ["a dog runs", "a", "", "?!", "a dog " * 200],
    "question": ["is it a dog", ""],
    "model": ["vtviz-base"],
    "method": ["rollout", "occlusion", "rise", "kernel_shap", "attention_gradcam"],
    "methods": ["rollout,raw_attention", ""],
    "metrics": ["insertion,deletion", "pointing", ""],
    "target": ["match", "similarity", "caption:1", "answer:yes", "caption:99"],
    "changes": [
        json.dumps([{"change": "hide", "boxes": [[0, 0, 0.5, 0.5]]}, {"change": "drop", "place": 0}]),
        json.dumps([{"change": "move", "boxes": [[0, 0, 0.5, 0.5]], "by": [0.1, 0.1]}]),
        json.dumps([{"change": "without", "kind": "fused"}, {"change": "only", "patches": [0, 1e9]}]),
        json.dumps([{"change": "cut", "place": 99, "boxes": [[1, 1, 0, 0]]}, {"change": "push", "place": 0}]),
    ],
    "layer": ["0", "99"],
    "head": ["0", "99"],
    "samples": ["10", "1", "20001", str(2**70)],
    "steps": ["2"],
    "planted": ["0"],
    "limit": ["1"],
    "wrong_texts": ["0", "1"],
    "path": ["0.png", "../0.png", ""],
    "like": ["0.png", "9.png"],
    "unlike": ["1.png"],
    "plus": ["a dog", "?!"],
    "minus": ["a dog"],
    "folder": ["", "a/b", ".."],
    "since": ["0001-01-01", "9999-12-31"],
}


def likely_files(folder: Path) -> dict[str, list[bytes]]:
    """Contents of files that mean something, by the field that takes them."""
    photos = [save_photo(folder / f"{number}.png", number).read_bytes() for number in range(2)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        for number, photo in enumerate(photos):
            files.writestr(f"{number}.png", photo)
    zipped = packed.getvalue()
    damaged = [photos[0][:90], zipped[:-30], b""]
    return {
        "photo": [*photos, zipped, *damaged],
        "zip": [zipped, *photos, *damaged],
        "manifest": [*MANIFESTS, b"", b"\xff\xfe"],
        "policy": [POLICY, b""],
    }


def fields_of(schema: Any, operation: Any) -> dict[str, bool]:
    """The fields that a route takes, and whether each is needed."""
    body = schema.raw_schema["paths"][operation.path][operation.method].get("requestBody", {"content": {}})
    for content in body["content"].values():
        about = schema.raw_schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        return {name: name in about.get("required", ()) for name in about["properties"]}
    return {}


def late(operation: Any) -> int:
    """When a route is tried: those that stop or delete what others find come last."""
    return 2 if operation.method == "delete" else int(operation.path.endswith(("/cancel", "/resume")))


def usual(draw: st.DrawFn, values: list[Value]) -> Value:
    """The first of some values, or in some cases any of them."""
    return values[0] if draw(st.integers(0, 3)) else draw(st.sampled_from(values))


@st.composite
def sent(draw: st.DrawFn, operation: Any, fields: dict[str, bool], files: dict[str, list[bytes]]) -> dict[str, Any]:
    """A request: a case of the description, of which most become such as a program would send."""
    case, likely = draw(operation.as_strategy()), draw(st.integers(0, 2)) > 0
    if likely and "number" in (case.path_parameters or {}):
        case.path_parameters["number"] = 1
    asked: dict[str, Any] = case.as_transport_kwargs()
    asked.pop("cookies", None)
    if asked.get("files"):
        parts = ((name, file, text if isinstance(text, bytes) else str(text)) for name, (file, text) in asked["files"])
        asked["files"] = [(name, (file, text)) for name, file, text in parts]
    if likely and "path" in (asked.get("params") or {}):
        asked["params"]["path"] = usual(draw, LIKELY["path"])
    if likely and fields:
        asked["files"] = []
        packed = "manifest" in fields or operation.path == "/indexes"
        for name, needed in fields.items():
            if not needed and name not in files and draw(st.integers(0, 3)):
                continue
            if name in files:
                kind = "zip" if name == "photo" and packed else name
                asked["files"].append((name, (usual(draw, NAMES[kind]), usual(draw, files[kind]))))
            elif name in LIKELY:
                asked["files"].append((name, (None, usual(draw, LIKELY[name]))))
    return asked


def answers(client: TestClient, operation: Any, fields: dict[str, bool], files: dict[str, list[bytes]]) -> Counter[int]:
    """How often each status answered the examples of a route; none of them tells of a failure."""
    answered = Counter[int]()

    @given(asked=sent(operation, fields, files))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES == USUAL,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(asked: dict[str, Any]) -> None:
        response = client.request(**asked)
        answered[response.status_code] += 1
        assert response.status_code in FINE, (asked, response.text)
        if response.status_code == 202 and "location" in response.headers:  # enough of this job
            client.post(f"{response.headers['location']}/cancel")

    ask()
    return answered


def test_nothing_fails(tiny_engine: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("VTVIZ_DATA", str(tmp_path)), ("VTVIZ_UPLOADS", "1000000"), ("VTVIZ_JOBS", "20")):
        monkeypatch.setenv(name, value)
    server, files = Server(tiny_engine, local=False), likely_files(tmp_path / "photos")
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", server.app())
    operations = [found.ok() for found in schema.get_all_operations()]
    all_answers = dict[str, Counter[int]]()
    with TestClient(server.app(), raise_server_exceptions=False) as client:
        zipped, table = ("a.zip", files["zip"][0]), ("m.csv", MANIFESTS[0])
        quick = {"metrics": "insertion", "steps": "2", "methods": "raw_attention"}
        for path, more in (
            ("/v1/indexes", {}),
            ("/v1/audits", {"manifest": table}),
            ("/v1/policy/evaluations", {"manifest": table, "policy": ("p.yaml", POLICY)}),
        ):
            assert client.post(path, files={"photo": zipped, **more}, data=quick).status_code == 202
            assert over(client, f"{path}/1")["state"] == "done"
        for operation in sorted(operations, key=late):
            all_answers[f"{operation.method} {operation.path}"] = answers(
                client, operation, fields_of(schema, operation), files
            )
    if EXAMPLES != USUAL:
        print(*(f"{route} {dict(answered)}" for route, answered in all_answers.items()), sep="\n")
    assert len(all_answers) > 25 and sum(bool(each[200] + each[202]) for each in all_answers.values()) > 15
