"""Vectors, policies and what would happen if, over HTTP: what the engine itself says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from vtviz.engine.intervention import intervention_json
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.interventions import Intervene
from vtviz.engine.requests.tasks.search import EncodePhotos
from vtviz.inputs import read_image
from vtviz.interventions.changes import Drop, Hide

TEXT = "a dog runs"
POLICY = b"""
schema: vtviz.policy/1
name: Small
rules:
  - {name: dogs, photo: [a dog], threshold: 0, action: review, message: Look}
"""


def sent(cat_bytes: bytes, **more: Any) -> dict[str, Any]:
    return {"photo": ("cat.jpg", cat_bytes, "image/jpeg"), **more}


def test_what_if_is_that_of_the_engine(client: TestClient, tiny_engine: LocalEngine, cat_bytes: bytes) -> None:
    changes = [{"change": "hide", "boxes": [[0, 0, 0.5, 0.5]]}, {"change": "drop", "place": 0}]
    response = client.post("/v1/intervene", files=sent(cat_bytes), data={"text": TEXT, "changes": json.dumps(changes)})
    asked = Intervene(Explain(read_image(cat_bytes), TEXT), (Hide(((0.0, 0.0, 0.5, 0.5),)), Drop(0)))
    assert response.json() == json.loads(intervention_json(tiny_engine.ask(asked)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "between 1 and 64"),
        ('[{"change": "burn"}]', "not changes"),
        ("3", "not changes"),
    ],
)
def test_changes_that_are_none_are_refused(client: TestClient, cat_bytes: bytes, changes: str, words: str) -> None:
    response = client.post("/v1/intervene", files=sent(cat_bytes), data={"text": TEXT, "changes": changes})
    assert response.status_code == 422 and words in response.json()["detail"]


def test_vectors_are_those_that_search_uses(client: TestClient, tiny_engine: LocalEngine, cat_bytes: bytes) -> None:
    found = client.post("/v1/embed", files=sent(cat_bytes), data={"text": [TEXT, "a dog"]}).json()
    kept = tiny_engine.ask(EncodePhotos((read_image(cat_bytes),))).vectors
    np.testing.assert_allclose(found["photos"], kept, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found["texts"], axis=1), [1, 1], atol=1e-6)
    assert client.post("/v1/embed", data={"text": TEXT}).json()["photos"] == []
    for data, words in (({}, "at least one"), ({"text": ["a"] * 65}, "more than 64"), ({"text": "?!"}, "no words")):
        assert words in client.post("/v1/embed", data=data).json()["detail"]


def test_a_policy_decides_and_its_decision_is_noted(client: TestClient, cat_bytes: bytes, tmp_path: Path) -> None:
    files = sent(cat_bytes, policy=("small.yaml", POLICY, "application/yaml"))
    ruling = client.post("/v1/policy/check", files=files, data={"text": TEXT}).json()
    assert (ruling["action"], ruling["fired"]["rule"]) == ("review", "dogs") and len(ruling["scores"]) == 1
    (line,) = (tmp_path / "api" / "policy-log.jsonl").read_text().splitlines()
    assert json.loads(line)["rule"] == "dogs" and TEXT not in line
    bad = client.post("/v1/policy/check", files=sent(cat_bytes, policy=("small.yaml", b"rules: 3", "")))
    assert bad.status_code == 422
