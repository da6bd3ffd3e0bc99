"""What is found, and in which order, against every photo compared by the model itself."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from tests.tasks.search.made import save_photo
from vtviz.files import read_photo
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import FusionModel
from vtviz.models.simple import SimpleModel
from vtviz.models.verdict import Bounds
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.tasks.search.entry import Filters
from vtviz.tasks.search.find import find_photos, match_photos, verdict_of
from vtviz.tasks.search.found import Found, Hit, Matched, grouped, reranked
from vtviz.tasks.search.index import index_folder
from vtviz.tasks.search.query import Query, Term, part_of, text_query
from vtviz.tasks.search.sentences import best_sentences
from vtviz.tasks.search.sides import encode_photos
from vtviz.tasks.search.store import Store, close_store, open_store

TEXT = "a dog runs"


def indexed(model: FusionModel, photos: Path, address: Path) -> Store:
    index_folder(photos, str(address), "tiny", model.weights_sha256, lambda images: encode_photos(model, images))
    return open_store(str(address))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("found")
    for seed in range(12):
        save_photo(folder / f"{'ab'[seed % 2]}" / f"{seed}.png", seed, (60 + 10 * seed, 50))
    return folder


@pytest.fixture(scope="module")
def store(tiny: VtvizBase, photos: Path, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    address = tmp_path_factory.mktemp("stores") / "store"
    yield indexed(tiny, photos, address)
    close_store(str(address))


def every(model: FusionModel, photos: Path) -> tuple[list[str], list[ImageInput]]:
    paths = sorted(photos.rglob("*.png"))
    return [path.relative_to(photos).as_posix() for path in paths], [read_photo(path) for path in paths]


def test_texts_are_compared_as_the_model_compares_them(tiny: VtvizBase, photos: Path, store: Store) -> None:
    names, images = every(tiny, photos)
    features = torch.cat([tiny.encode_image(image) for image in images])
    similar = tiny.similarity(tiny.index_texts([TEXT]), tiny.index_images(features))[0]
    found = find_photos(tiny, store, text_query(TEXT), 12)
    assert found.searched == 12 and len(found.hits) == 12
    expected = dict(zip(names, similar.tolist(), strict=True))
    for hit in found.hits:
        assert hit.similarity == pytest.approx(expected[hit.photo], abs=0.05)
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)


def test_the_fusion_model_matches_kept_photos_as_it_matches_photos(
    tiny: VtvizBase, photos: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "unknown_words", lambda words: ())
    names, images = every(tiny, photos)
    features = torch.cat([tiny.encode_image(image) for image in images])
    expected = tiny.match_logits(features, [TEXT] * 12).sigmoid().tolist()
    matched = match_photos(tiny, store, TEXT, names)
    assert matched.photos == tuple(names)
    np.testing.assert_allclose(matched.scores, expected, atol=0.005)
    assert matched.verdicts == tuple("describes" if score >= 0.5 else "does not" for score in matched.scores)


def test_a_second_look_changes_the_order_and_leaves_the_rest_behind(tiny: VtvizBase, store: Store) -> None:
    found = find_photos(tiny, store, text_query(TEXT), 6)
    looked = [hit.photo for hit in found.hits[:4]]
    matched = match_photos(tiny, store, TEXT, looked)
    again = reranked(found, matched)
    order = [looked[i] for i in np.argsort([-score for score in matched.scores], kind="stable")]
    assert [hit.photo for hit in again.hits] == [*order, *(hit.photo for hit in found.hits[4:])]
    assert [hit.match is None for hit in again.hits] == [False] * 4 + [True] * 2
    assert again.hits[0].score == again.hits[0].match == max(matched.scores)


def hit(photo: str) -> Hit:
    return Hit(photo, "0", 1, 1, 0.0, 1.0)


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        (("does not", "does not"), "nothing"),
        (("not sure", "does not"), "not sure"),
        (("not sure", "describes"), "matches"),
        ((None, None), None),
    ],
)
def test_a_search_can_say_that_nothing_matches(verdicts: tuple, outcome: str | None) -> None:
    found = Found((hit("a"), hit("b"), hit("c")), 3)
    assert found.outcome is None
    assert reranked(found, Matched(("a", "b"), (0.1, 0.2), verdicts)).outcome == outcome


def test_verdicts_follow_what_was_calibrated(tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [verdict_of(tiny, score) for score in (0.49, 0.5)] == ["does not", "describes"]
    monkeypatch.setattr(tiny, "bounds", Bounds(0.2, 0.8))
    assert [verdict_of(tiny, score) for score in (0.1, 0.5, 0.8)] == ["does not", "not sure", "describes"]
    monkeypatch.setattr(tiny, "bounds", None)
    monkeypatch.setattr(tiny, "threshold", None)
    assert verdict_of(tiny, 0.9) is None


def test_a_text_that_names_nothing_known_gets_no_verdict(tiny: VtvizBase, store: Store) -> None:
    assert match_photos(tiny, store, "of the", ["a/0.png"]).verdicts == (None,)


def test_a_photo_finds_itself_elsewhere_and_not_its_own_path(tiny: VtvizBase, photos: Path, store: Store) -> None:
    image = store.read_photo("b/3.png")
    assert find_photos(tiny, store, Query((Term(image=image),)), 3).hits[0].photo == "b/3.png"
    by_path = find_photos(tiny, store, Query((Term(path="b/3.png"),)), 11).hits
    assert len(by_path) == 11 and "b/3.png" not in {item.photo for item in by_path}
    vectors = {near.entry.path: near.vector for near in store.get([f"{'ab'[i % 2]}/{i}.png" for i in range(12)])}
    for item in by_path:
        assert item.score == pytest.approx(float(vectors[item.photo] @ vectors["b/3.png"]), abs=1e-4)


def test_terms_are_weighed_once_each_is_standardised(tiny: VtvizBase, store: Store) -> None:
    """Against the two single searches, put together by hand."""
    text = {item.photo: item.score for item in find_photos(tiny, store, text_query(TEXT), 12).hits}
    photo = {item.photo: item.score for item in find_photos(tiny, store, Query((Term(path="a/0.png"),)), 12).hits}
    names = list(photo)
    columns = np.array([[text[name] for name in names], [photo[name] for name in names]])
    z = (columns - columns.mean(axis=1, keepdims=True)) / columns.std(axis=1, keepdims=True)
    query = Query((Term(text=TEXT, weight=2.0), Term(path="a/0.png", weight=-0.5)))
    hits = find_photos(tiny, store, query, 12).hits
    expected = dict(zip(names, 2.0 * z[0] - 0.5 * z[1], strict=True))
    assert query.sentence is None and len(hits) == 11
    for item in hits:
        assert item.score == pytest.approx(expected[item.photo], abs=1e-3)


def test_filters_narrow_the_search(tiny: VtvizBase, store: Store) -> None:
    found = find_photos(tiny, store, text_query(TEXT), 12, Filters("b", smallest=100))
    assert {item.photo for item in found.hits} == {f"b/{i}.png" for i in (5, 7, 9, 11)} and found.searched == 4
    nothing = find_photos(tiny, store, text_query(TEXT), 12, Filters("none"))
    assert nothing.hits == () and nothing.searched == 0


def test_nearly_equal_photos_are_one_hit(tiny: VtvizBase, tmp_path: Path) -> None:
    folder = tmp_path / "twins"
    for seed in (1, 2):
        save_photo(folder / f"{seed}.png", seed, (120, 90))
    with Image.open(folder / "1.png") as image:
        image.convert("RGB").save(folder / "1-small.jpg", quality=70)
        image.convert("RGB").resize((100, 75)).filter(ImageFilter.GaussianBlur(0.5)).save(folder / "1-soft.jpg")
    (folder / "1-same.png").write_bytes((folder / "1.png").read_bytes())
    store = indexed(tiny, folder, tmp_path / "store")
    hits = find_photos(tiny, store, text_query(TEXT), 9).hits
    groups = sorted(sorted([item.photo, *item.also]) for item in hits)
    assert groups == [["1-same.png", "1-small.jpg", "1-soft.jpg", "1.png"], ["2.png"]]
    near = store.vectors.nearest(np.ones(store.about.width, np.float32), 9)
    assert len(grouped(near, 1)) == 1
    close_store(str(tmp_path / "store"))


def test_a_query_of_nothing_is_refused(tiny: VtvizBase, store: Store) -> None:
    for query in (Query(()), Query((Term(text=TEXT, weight=0.0),))):
        with pytest.raises(InputError, match="nothing to search for"):
            find_photos(tiny, store, query, 3)
    with pytest.raises(InputError, match="either a text or a photo"):
        find_photos(tiny, store, Query((Term(text=TEXT, path="a/0.png"),)), 3)
    with pytest.raises(InputError, match="contains no words"):
        find_photos(tiny, store, text_query(" ? "), 3)
    with pytest.raises(InputError, match=r"gone\.png is not in the store"):
        find_photos(tiny, store, Query((Term(path="gone.png"),)), 3)


def test_missing_files_are_one_sentence(tiny: VtvizBase, photos: Path, tmp_path: Path) -> None:
    store = indexed(tiny, photos, tmp_path / "store")
    next((tmp_path / "store" / "parts").rglob("*.safetensors")).write_bytes(b"broken")
    with pytest.raises(InputError, match="Files are missing from the store"):
        find_photos(tiny, store, text_query(TEXT), 3)
    close_store(str(tmp_path / "store"))


def test_a_box_is_a_photo_of_its_own(photo: ImageInput) -> None:
    part = part_of(photo, (0.25, 0.5, 0.75, 1.0))
    np.testing.assert_array_equal(part.pixels, photo.pixels[32:64, 16:48])
    assert part.sha256 != photo.sha256
    for box in ((0.5, 0.0, 0.5, 1.0), (0.0, 0.0, 1.2, 1.0), (0.6, 0.0, 0.4, 1.0)):
        with pytest.raises(InputError, match="A box is four numbers"):
            part_of(photo, box)


def test_the_best_sentences_are_those_of_the_highest_match(tiny: VtvizBase, photo: ImageInput) -> None:
    features, texts = tiny.encode_image(photo), ["a dog", "a skateboarder", "a dog runs", "dog"]
    expected = tiny.match_logits(features.expand(4, -1, -1), texts).sigmoid()
    best = best_sentences(tiny, features, [*texts, "a dog"], top=3)
    assert [item.text for item in best] == [texts[int(i)] for i in expected.argsort(descending=True)[:3]]
    np.testing.assert_allclose([item.match for item in best], expected.sort(descending=True).values[:3], atol=1e-4)
    with pytest.raises(InputError, match="Give 1 to 5000 sentences"):
        best_sentences(tiny, features, [])


class Plain(SimpleModel):
    """A model without vectors: its match is the product of a photo's mean colour with the length of the text."""

    name, weights_sha256, grid, threshold = "plain", "1" * 64, (2, 2), 0.5

    def __init__(self) -> None:
        self.network = torch.nn.Linear(1, 1)
        self.words = torch.nn.Embedding(2, 1)

    def read(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        return [1], [(0, len(text))]

    def pixels(self, image: ImageInput) -> torch.Tensor:
        small = image.to_pil().resize((2, 2), Image.Resampling.BOX)
        return torch.from_numpy(np.asarray(small, np.float32) / 255).permute(2, 0, 1)[None]

    def encode_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.flatten(2).transpose(1, 2)

    def match(self, features: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return features[..., 0].mean(dim=1) - features[..., 2].mean(dim=1)


def test_any_other_model_is_asked_about_every_photo(photos: Path, tmp_path: Path) -> None:
    model = Plain()
    store = indexed(model, photos, tmp_path / "store")
    names, images = every(model, photos)
    matches = [float(model.match_logits(model.encode_image(image), ["red"])) for image in images]
    order = [names[i] for i in np.argsort([-match for match in matches])]
    hits = find_photos(model, store, text_query("red"), 12).hits
    np.testing.assert_allclose([item.score for item in hits], sorted(matches, reverse=True), atol=0.01)
    assert [item.photo for item in hits][:3] == order[:3]
    matched = match_photos(model, store, "red", names)
    np.testing.assert_allclose(matched.scores, torch.tensor(matches).sigmoid(), atol=0.01)
    similar = find_photos(model, store, Query((Term(image=images[4]),)), 1).hits
    assert similar[0].photo == names[4]
    close_store(str(tmp_path / "store"))
