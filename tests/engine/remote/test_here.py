"""What lies on the machine of the app is answered there, though the engine is elsewhere."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.serve.running import running
from tests.tasks.search.made import save_photo
from vtviz.attribution.options import Options
from vtviz.engine.local import LocalEngine
from vtviz.engine.remote.client import RemoteEngine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.model import LoadModel
from vtviz.engine.requests.tasks.recommend import RecommendPhotos
from vtviz.engine.requests.tasks.search import EncodePhotos, MatchPhotos, SearchPhotos
from vtviz.files import DATA
from vtviz.inputs import ImageInput
from vtviz.tasks.search.index import index_folder
from vtviz.tasks.search.query import Term, text_query
from vtviz.tasks.search.store import close_store

TEXT = "a dog runs"


@pytest.fixture
def remote(tiny_engine: LocalEngine) -> Iterator[RemoteEngine]:
    with running(tiny_engine) as address:
        engine = RemoteEngine(address)
        yield engine
        engine.close()


def test_photos_are_encoded_elsewhere_and_found_here(
    remote: RemoteEngine, tiny_engine: LocalEngine, tmp_path: Path
) -> None:
    for seed in range(3):
        save_photo(tmp_path / "photos" / f"{seed}.png", seed)
    store, weights = str(tmp_path / "store"), remote.ask(LoadModel("tiny")).weights_sha256
    index_folder(
        tmp_path / "photos", store, "tiny", weights, lambda images: remote.ask(EncodePhotos(tuple(images), "tiny"))
    )
    with closing(LocalEngine("cpu")) as alone:
        for request in (
            SearchPhotos(store, text_query(TEXT), 3, model="tiny"),
            MatchPhotos(store, TEXT, ("1.png", "0.png"), "tiny"),
            RecommendPhotos(store, (Term(path="1.png"),), model="tiny"),
        ):
            assert remote.ask(request) == alone.ask(request)  # type: ignore[arg-type]
    close_store(store)
    assert not tiny_engine.runs.entries()
    assert [entry.request for entry in remote.status().runs] == ["SearchPhotos", "MatchPhotos", "RecommendPhotos"]


def test_models_trained_here_answer_here(
    remote: RemoteEngine, tiny_engine: LocalEngine, photo: ImageInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA, str(tmp_path))
    own = f"vtviz-recurrent@{tmp_path / 'trainings' / '00001'}"
    assert not remote.is_loaded(own)
    assert remote.ask(LoadModel(own)) and remote.is_loaded(own) and not tiny_engine.is_loaded(own)
    slow = Explain(photo, TEXT, own, method="rise", options=Options(samples=10))
    assert not remote.is_ready(slow) and remote.start(slow).future.result(60).model == own and remote.is_ready(slow)
    assert not tiny_engine.runs.entries()
