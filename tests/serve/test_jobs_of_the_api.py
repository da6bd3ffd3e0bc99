"""Audits, indexes and evaluations of policies over HTTP: begun, followed, cancelled, gone on with, deleted."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from tests.serve.test_tasks_of_the_api import POLICY
from tests.tasks.search.made import save_photo
from vtviz.audit.requests import MeasureRow
from vtviz.engine.local import LocalEngine
from vtviz.inputs import InputError
from vtviz.manifests import save
from vtviz.serve.server import Server
from vtviz.watch import Cancelled

MANIFEST = b"image,text\n0.png,a dog runs\n1.png,a dog\n"
EMPTY = b"PK\x05\x06" + bytes(18)  # a zip file
QUICK = {"metrics": "insertion", "steps": "2", "methods": "raw_attention"}


@pytest.fixture
def photos(tmp_path: Path) -> bytes:
    """A zip file of two photos."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        for seed in range(2):
            files.write(save_photo(tmp_path / "photos" / f"{seed}.png", seed), f"{seed}.png")
    return packed.getvalue()


def started(client: TestClient, path: str, data: dict[str, str] | None = None, **files: Any) -> httpx.Response:
    sent = [(name, (file, content, "")) for name, (file, content) in files.items()]
    return client.post(path, files=sent, data=data or {})


def over(client: TestClient, place: str) -> dict[str, Any]:
    """A job once it is over."""
    for _ in range(1200):
        state: dict[str, Any] = client.get(place).json()
        if state["state"] not in ("waiting", "running"):
            return state
        time.sleep(0.02)
    raise AssertionError("the job did not end")


def test_an_audit_from_its_manifest_to_its_report(client: TestClient, photos: bytes) -> None:
    terms = {
        "scope": ("s.toml", b'system = "Search"'),
        "rules": ("r.toml", b'[[rule]]\nmetric = "insertion"\nat_least = 1'),
    }
    rows = {"manifest": ("rows.csv", MANIFEST), "photo": ("photos.zip", photos)}
    response = started(client, "/v1/audits", {**QUICK, "sheets": "1"}, **rows, **terms)
    assert response.status_code == 202, response.text
    place = response.headers["location"]
    assert place == f"/v1/audits/{response.json()['id']}"
    assert over(client, place)["state"] == "done"
    report = client.get(f"{place}/report.json").json()
    assert report["summary"]["rows"]["vtviz-base"]["measured"] == 2
    assert pq.read_table(io.BytesIO(client.get(f"{place}/rows.parquet").content)).num_rows == 4
    assert b"failures=" in client.get(f"{place}/junit.xml").content
    report = client.get(f"{place}/report.json").json()
    assert report["scope"]["fields"] == {"system": "Search"} and [item["row"] for item in report["sheets"]] == [1]
    assert "<html" in client.get(f"{place}/report.html").text and client.get(f"{place}/bundle.zip").status_code == 200
    events = client.get(f"{place}/events").text
    assert json.loads(events.removeprefix("data: "))["state"] == "done"
    assert [job["name"] for job in client.get("/v1/audits").json()] == ["rows.csv"]
    assert client.delete(place).status_code == 204 and client.get(place).status_code == 404


def test_an_audit_is_cancelled_and_goes_on(
    client: TestClient, tiny_engine: LocalEngine, photos: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, held = tiny_engine.ask, True

    def slow(request: Any, watch: Any = None) -> Any:
        while held and isinstance(request, MeasureRow) and request.row.number == 2:
            if watch.cancelled():
                raise Cancelled
            time.sleep(0.01)
        return ask(request, watch)

    monkeypatch.setattr(tiny_engine, "ask", slow)
    response = started(client, "/v1/audits", QUICK, manifest=("rows.csv", MANIFEST), photo=("photos.zip", photos))
    place = response.headers["location"]
    while (client.get(place).json()["progress"] or {}).get("done") != 1:
        time.sleep(0.02)
    assert client.get(f"{place}/report.json").status_code == 409
    assert client.post(f"{place}/cancel").status_code == 202
    assert over(client, place)["state"] == "cancelled"
    held = False
    assert client.post(f"{place}/resume").json()["state"] in ("waiting", "running")
    assert over(client, place)["state"] == "done"


def test_photos_are_indexed_found_and_recommended(client: TestClient, photos: bytes, cat_bytes: bytes) -> None:
    place = started(client, "/v1/indexes", photo=("photos.zip", photos)).headers["location"]
    assert over(client, place)["state"] == "done"
    found = client.post(f"{place}/search", data={"text": "a dog", "top": "1"}).json()
    assert found["searched"] == 2 and len(found["photos"]) == 1
    assert found["photos"][0]["match"] == found["photos"][0]["score"]
    like = client.post(f"{place}/search", files={"photo": ("cat.jpg", cat_bytes)}, data={"since": "2001-01-01"}).json()
    assert {hit["photo"] for hit in like["photos"]} == {"0.png", "1.png"} and like["outcome"] is None
    more = client.post(f"{place}/recommend", data={"like": "0.png"}).json()
    assert [hit["photo"] for hit in more["photos"]] == ["1.png"]
    assert client.get(f"{place}/photo", params={"path": "1.png"}).content[:2] == b"\xff\xd8"
    assert client.get(f"{place}/photo", params={"path": "../1.png"}).status_code == 404
    for data, words in (({}, "nothing to search for"), ({"path": "9.png"}, "not in the store")):
        assert words in client.post(f"{place}/search", data=data).json()["detail"]
    assert client.post("/v1/indexes/99/search", data={"text": "a"}).status_code == 404
    assert client.delete(place).status_code == 204


def test_the_rules_of_a_policy_are_measured(client: TestClient, photos: bytes) -> None:
    rows = b"image,text,rules\n0.png,a dog,dogs\n1.png,,\n"
    response = started(
        client, "/v1/policy/evaluations", policy=("p.yaml", POLICY), manifest=("r.csv", rows), photo=("p.zip", photos)
    )
    place = response.headers["location"]
    assert over(client, place)["state"] == "done"
    (rule,) = client.get(f"{place}/result", params={"precision": 0.5}).json()["rules"]
    assert (rule["rule"], rule["rows"], rule["positives"]) == ("dogs", 2, 1)


@pytest.mark.parametrize(
    ("manifest", "data", "words"),
    [
        (b"image,text\n/etc/passwd,a\n", {}, "outside the manifest's folder"),
        (b"image,text\n../0.png,a\n", {}, "outside"),
        (b"image,text\n9.png,a\n", {}, "were not uploaded"),
        (MANIFEST, {"methods": "nothing"}, "nothing"),
        (MANIFEST, {"steps": "1"}, "steps"),
        (MANIFEST, {"model": "open_clip:ViT-B-32@/etc/passwd"}, "only from its own folder"),
    ],
)
def test_what_is_wrong_with_an_audit_is_said_before_it_is_listed(
    client: TestClient, photos: bytes, tmp_path: Path, manifest: bytes, data: dict[str, str], words: str
) -> None:
    response = started(client, "/v1/audits", data, manifest=("rows.csv", manifest), photo=("photos.zip", photos))
    assert response.status_code in (422, 503) and words in response.json()["detail"]
    assert client.get("/v1/audits").json() == [] and not list((tmp_path / "api").glob("uploads/*"))


def test_names_too_long_for_a_file_are_refused(client: TestClient, photos: bytes) -> None:
    name = "x" * 300
    long = started(client, "/v1/audits", QUICK, manifest=(f"a.{name}", MANIFEST), photo=("photos.zip", photos))
    assert long.status_code == 422 and "must be a .csv" in long.json()["detail"]
    long = started(client, "/v1/indexes", photo=(f"{name}.png", photos))
    assert long.status_code == 422 and "cannot be saved" in long.json()["detail"]
    none = started(client, "/v1/indexes", photo=("a.zip", EMPTY)).json()["detail"]
    assert none.startswith("There are no photos in photos (")  # not where they lie


def test_zip_files_are_measured_before_they_are_unpacked(
    tiny_engine: LocalEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VTVIZ_DATA", str(tmp_path))
    monkeypatch.setenv("VTVIZ_MEGABYTES", "5")
    written: list[str] = []
    monkeypatch.setattr(save, "_save", lambda path, name, data: written.append(name))

    def packed(*sizes: int) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as files:
            for number, size in enumerate(sizes):
                files.writestr(f"{number}.png", bytes(size))
        return made.getvalue()

    with TestClient(Server(tiny_engine, local=False).app()) as client:
        for route, more in (("/v1/indexes", {}), ("/v1/audits", {"manifest": ("rows.csv", MANIFEST)})):
            refused = started(client, route, {}, photo=("a.zip", packed(3 * 2**20, 3 * 2**20)), **more)
            assert refused.status_code == 422 and "reached 5 MB" in refused.json()["detail"]
    assert not written
    monkeypatch.setattr(save, "UNPACKED", 2**20)
    two = [("a.zip", packed(600_000)), ("b.zip", packed(600_000))]
    with pytest.raises(InputError, match="together"):
        save.unpacked_size(two)
    assert save.unpacked_size([*two[:1], ("c.png", b"12")]) == 600_002


def test_jobs_are_limited_and_need_the_token(
    tiny_engine: LocalEngine, photos: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("VTVIZ_DATA", str(tmp_path)), ("VTVIZ_UPLOADS", "1"), ("VTVIZ_KEEP_DAYS", "1")):
        monkeypatch.setenv(name, value)
    with TestClient(Server(tiny_engine, token="open sesame", local=False).app()) as client:
        assert client.get("/v1/audits").status_code == 401
        client.headers["authorization"] = "Bearer open sesame"
        first = started(client, "/v1/indexes", photo=("photos.zip", photos))
        assert over(client, first.headers["location"])["state"] == "done"
        again = started(client, "/v1/indexes", photo=("photos.zip", photos))
        assert again.status_code == 422 and "uploaded 1 times" in again.json()["detail"]
