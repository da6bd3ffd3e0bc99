"""Stores: in a folder, on a stub of a server, and on a real one where VTVIZ_QDRANT_URL names it."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tasks.search.made import save_photo
from tests.tasks.search.qdrant_stub import QdrantStub
from vtviz.files import DATA
from vtviz.tasks.search import store as stores
from vtviz.tasks.search.store import close_store

SERVER = os.environ.get("VTVIZ_QDRANT_URL")
NEEDS_SERVER = pytest.mark.skipif(not SERVER, reason="VTVIZ_QDRANT_URL names no Qdrant server")
KINDS = ["embedded", "stub", pytest.param("server", marks=NEEDS_SERVER)]


@pytest.fixture(scope="session")
def qdrant_stub() -> Iterator[QdrantStub]:
    stub = QdrantStub()
    yield stub
    stub.close()


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a new store of every kind."""
    monkeypatch.setenv(DATA, str(tmp_path / "data"))
    if request.param == "embedded":
        made = str(tmp_path / "store")
    elif request.param == "stub":
        stub: QdrantStub = request.getfixturevalue("qdrant_stub")
        made = f"{stub.url}/{uuid.uuid4().hex}"
    else:
        made = f"{SERVER}/{uuid.uuid4().hex}"
    yield made
    close_store(made)


@pytest.fixture
def store_folder(tmp_path: Path) -> Iterator[Path]:
    """Where a new embedded store goes."""
    yield tmp_path / "store"
    for name in list(stores._open):
        close_store(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five photos in three folders."""
    photos = tmp_path / "photos"
    for seed, name in enumerate(("a.png", "b.png", "sea/c.png", "sea/deep/d.png", "hills/e.png")):
        save_photo(photos / name, seed)
    return photos
