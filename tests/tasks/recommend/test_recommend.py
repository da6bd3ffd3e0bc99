"""More like these, what they share, and the taste that is kept."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tasks.search.made import save_photo
from vtviz.files import read_photo
from vtviz.inputs import ImageInput, InputError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.tasks.recommend.profile import Judged, Taste, read_taste, resolved, taste_of, write_taste
from vtviz.tasks.recommend.recommend import recommend_photos
from vtviz.tasks.recommend.shared import Shared, shared_names, to_share
from vtviz.tasks.search.index import index_folder
from vtviz.tasks.search.query import Term
from vtviz.tasks.search.sides import encode_photos
from vtviz.tasks.search.store import Store, close_store, open_store

NAMES = [f"{seed}.png" for seed in range(9)]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("liked")
    for seed, name in enumerate(NAMES):
        save_photo(folder / name, seed)
    return folder


@pytest.fixture(scope="module")
def store(tiny: VtvizBase, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    address = str(tmp_path_factory.mktemp("stores") / "store")
    index_folder(photos, address, "tiny", tiny.weights_sha256, lambda images: encode_photos(tiny, images))
    yield open_store(address)
    close_store(address)


def terms(*paths: str) -> list[Term]:
    return [Term(path=path) for path in paths]


def test_photos_near_to_a_like_come_first_and_judged_ones_not_at_all(
    tiny: VtvizBase, store: Store, photos: Path
) -> None:
    vectors = np.stack([near.vector for near in store.get(NAMES)])
    likes, dislikes = vectors[[0, 1]], vectors[[2]]
    good, bad = (vectors @ likes.T).max(axis=1), (vectors @ dislikes.T).max(axis=1)
    order = [i for i in np.argsort(-np.where(good > bad, good, -bad - 10)) if i > 2]
    found = recommend_photos(tiny, store, terms("0.png", "1.png"), terms("2.png"), 6)
    assert [hit.photo for hit in found.hits] == [NAMES[i] for i in order]
    assert found.searched == 9
    outside = [Term(image=read_photo(photos / "0.png")), Term(image=read_photo(photos / "1.png"))]
    again = recommend_photos(tiny, store, outside, terms("2.png"), 8)
    assert [hit.photo for hit in again.hits] == [NAMES[i] for i in order]  # files may be photos of the store
    with pytest.raises(InputError, match="both liked and disliked"):
        recommend_photos(tiny, store, outside, terms("0.png"), 8)


def test_what_cannot_be_recommended_from_is_one_sentence(tiny: VtvizBase, store: Store) -> None:
    for likes, dislikes, message in (
        ([], ["0.png"], "Nothing is liked yet"),
        (["0.png"], ["0.png"], "both liked and disliked"),
        (["0.png"] * 201, [], "More than 200 photos"),
        (["gone.png"], [], "is not in the store"),
    ):
        with pytest.raises(InputError, match=message):
            recommend_photos(tiny, store, terms(*likes), terms(*dislikes), 3)


def test_shared_names_are_those_that_match_the_worst_photo_best(
    tiny: VtvizBase, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "weights_sha256", "d" * 64)  # nothing is known of it from other tests
    assert shared_names(tiny, [tiny.encode_image(read_photo(photos / "0.png"))], ["dog"]) == []  # it knows no words
    monkeypatch.setattr(tiny, "unknown_words", lambda words: ())
    names = ["dog", "skateboarder", "runs"]
    features = [tiny.encode_image(read_photo(photos / name)) for name in NAMES[:3]]
    shared = shared_names(tiny, features, names)
    written = ["a dog", "a skateboarder", "a runs"]
    with torch.inference_mode():
        logits = tiny.match_logits(torch.cat(features).repeat_interleave(3, dim=0), written * 3)
    expected = logits.sigmoid().reshape(3, 3).amin(dim=0)
    assert [item.name for item in shared] == [names[int(i)] for i in expected.argsort(descending=True)]
    np.testing.assert_allclose([item.match for item in shared], expected.sort(descending=True).values, atol=1e-4)
    assert shared[0].maps.shape == (3, *tiny.grid) and float(np.abs(shared[0].maps).max()) <= 1.001
    others = torch.cat([tiny.encode_image(read_photo(photos / name)) for name in NAMES[3:6]])
    with torch.inference_mode():
        usual = tiny.match_logits(others.repeat_interleave(3, dim=0), written * 3).reshape(3, 3).median(dim=0).values
        lift = tiny.match_logits(torch.cat(features).repeat_interleave(3, dim=0), written * 3).reshape(3, 3).amin(dim=0)
    monkeypatch.setattr(tiny, "weights_sha256", "e" * 64)
    better = shared_names(tiny, features, names, others=lambda: others.split(1))
    assert [item.name for item in better] == [names[int(i)] for i in (lift - usual).argsort(descending=True)]
    assert [Shared("x", (match, 1.0), shared[0].maps).percent for match in (0.994, 0.5)] == [">99%", "50%"]
    with pytest.raises(InputError, match="1 to 20 photos"):
        shared_names(tiny, [], names)


def test_large_photos_are_scaled_down_to_tell_what_they_share(photos: Path) -> None:
    small = read_photo(photos / "0.png")
    large = ImageInput(np.zeros((2048, 4096, 3), np.uint8), "0" * 64)
    assert to_share(small) is small
    assert to_share(large).pixels.shape == (512, 1024, 3) and to_share(large).sha256 != large.sha256


def test_a_taste_is_known_in_another_store_by_its_photos(store: Store, tmp_path: Path) -> None:
    taste = taste_of(store, ["0.png", "1.png", "0.png"], ["2.png"])
    assert [item.photo for item in taste.likes] == ["0.png", "1.png"]
    write_taste(taste, tmp_path / "taste.json")
    read = read_taste((tmp_path / "taste.json").read_bytes())
    assert read == taste
    moved = Taste((Judged("old/name.png", taste.likes[1].sha256), Judged("gone.png", "f" * 64)), taste.dislikes)
    assert resolved(moved, store) == (["1.png"], ["2.png"], ["gone.png"])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"schema": "vtviz.taste/2", "likes": [], "dislikes": []}',
        b'{"schema": "vtviz.taste/1", "likes": {}, "dislikes": []}',
        b'{"schema": "vtviz.taste/1", "likes": [{"photo": 1, "sha256": ""}], "dislikes": []}',
        json.dumps({"schema": "vtviz.taste/1", "likes": [], "dislikes": [], "x": "y" * 2**20}).encode(),
    ],
)
def test_other_files_are_no_taste(data: bytes) -> None:
    with pytest.raises(InputError, match="not a taste profile"):
        read_taste(data)
