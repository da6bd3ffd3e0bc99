"""Requests of search: what lets others pass, and what is not taken from before an index."""

from pathlib import Path

import numpy as np
import pytest

from tests.tasks.search.made import save_photo
from vtviz.engine.engine import Engine
from vtviz.engine.requests.tasks.search import EncodePhotos, MatchPhotos, SearchPhotos
from vtviz.files import read_photo
from vtviz.inputs import ImageInput, InputError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.tasks.search.index import index_folder
from vtviz.tasks.search.query import Query, Term, text_query
from vtviz.tasks.search.sides import TOGETHER, encode_photos
from vtviz.tasks.search.store import Store, close_store, open_store
from vtviz.watch import Cancelled, Watch


def index(engine: Engine, photos: Path, address: Path, weights: str) -> Store:
    index_folder(photos, str(address), "tiny", weights, lambda images: engine.ask(EncodePhotos(tuple(images), "tiny")))
    return open_store(str(address))


def test_others_pass_between_the_photos_of_an_index(tiny: VtvizBase, photo: ImageInput) -> None:
    paused: list[int] = []
    photos = tuple(ImageInput(np.roll(photo.pixels, shift, axis=1), str(shift)) for shift in range(2 * TOGETHER + 1))
    encoded = EncodePhotos(photos, "tiny").answer(tiny, None, Watch(pause=lambda: paused.append(1)))  # type: ignore[arg-type]
    assert len(paused) == 3  # before the first pass, and after every one but the last
    alone = encode_photos(tiny, photos[-1:])
    np.testing.assert_allclose(encoded.vectors[-1], alone.vectors[0], atol=1e-5)
    assert encoded.parts["local"].shape[0] == len(photos) and encoded.parts["local"].dtype == np.int8
    with pytest.raises(Cancelled):
        EncodePhotos(photos, "tiny").answer(tiny, None, Watch(cancelled=lambda: bool(paused)))  # type: ignore[arg-type]


def test_an_answer_from_before_an_index_is_not_given_after_it(
    tiny_engine: Engine, tiny: VtvizBase, tmp_path: Path
) -> None:
    for seed in range(2):
        save_photo(tmp_path / "photos" / f"{seed}.png", seed)
    store = index(tiny_engine, tmp_path / "photos", tmp_path / "store", tiny.weights_sha256)

    def search() -> int:
        request = SearchPhotos(store.address, text_query("a dog"), 9, model="tiny", revision=store.revision)
        return len(tiny_engine.ask(request).hits)

    assert search() == 2
    save_photo(tmp_path / "photos" / "new.png", 7)
    index(tiny_engine, tmp_path / "photos", tmp_path / "store", tiny.weights_sha256)
    assert search() == 3
    close_store(store.address)


def test_equal_searches_have_equal_keys(photo: ImageInput) -> None:
    first, again = (SearchPhotos("s", Query((Term(image=photo, weight=0.5),)), 3) for _ in range(2))
    assert first.key == again.key
    for other in (
        SearchPhotos("s", Query((Term(image=photo, weight=-0.5),)), 3),
        SearchPhotos("t", Query((Term(image=photo, weight=0.5),)), 3),
        SearchPhotos("s", Query((Term(image=photo, weight=0.5),)), 3, revision="1"),
    ):
        assert other.key != first.key


def test_a_store_of_other_weights_is_refused(tiny_engine: Engine, tmp_path: Path) -> None:
    read = read_photo(save_photo(tmp_path / "photos" / "a.png", 1))
    store = index(tiny_engine, tmp_path / "photos", tmp_path / "store", "f" * 64)
    for request in (
        SearchPhotos(store.address, Query((Term(image=read),)), 3, model="tiny"),
        MatchPhotos(store.address, "a dog", ("a.png",), "tiny"),
    ):
        with pytest.raises(InputError, match="other weights"):
            tiny_engine.ask(request)  # type: ignore[arg-type]
    close_store(store.address)
