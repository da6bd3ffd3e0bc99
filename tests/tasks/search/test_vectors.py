"""Every store of vectors answers alike, and as a small computation says."""

import numpy as np
import pytest

from tests.tasks.search.made import entry
from tests.tasks.search.qdrant_stub import QdrantStub
from vtviz.inputs import InputError
from vtviz.tasks.search.entry import Filters
from vtviz.tasks.search.server import ServerVectors
from vtviz.tasks.search.store import About, make_store
from vtviz.tasks.search.vectors import Vectors

WIDTH, COUNT = 8, 12


def unit(seed: int, count: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, WIDTH)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


ROWS = unit(0, COUNT)
ENTRIES = [
    entry(f"{'ab'[i % 2]}/{i % 3}/{i}.jpg", taken=1.7e9 + 86400 * i, size=(100 * (i + 1), 50)) for i in range(COUNT)
]


@pytest.fixture
def vectors(address: str) -> Vectors:
    made = make_store(address, About("photos", "made", "0" * 64, WIDTH)).vectors
    made.put(ENTRIES, ROWS)
    return made


def test_what_is_put_is_there_once(vectors: Vectors) -> None:
    vectors.put(ENTRIES[:5], ROWS[:5])
    assert vectors.count() == COUNT
    assert sorted(vectors.entries(), key=lambda item: item.path) == sorted(ENTRIES, key=lambda item: item.path)
    (near,) = vectors.get([ENTRIES[3].path, "nowhere.jpg"])
    assert near.entry == ENTRIES[3]
    np.testing.assert_allclose(near.vector, ROWS[3], atol=1e-6)


def test_what_is_removed_is_gone(vectors: Vectors) -> None:
    vectors.remove([])
    vectors.remove([ENTRIES[0].path, ENTRIES[1].path])
    assert vectors.count() == COUNT - 2 and vectors.get([ENTRIES[0].path]) == []


def test_the_nearest_come_first(vectors: Vectors) -> None:
    query = unit(1, 1)[0]
    expected = np.argsort(-(ROWS @ query))
    near = vectors.nearest(query, 4)
    assert [item.entry for item in near] == [ENTRIES[i] for i in expected[:4]]
    np.testing.assert_allclose([item.score for item in near], (ROWS @ query)[expected[:4]], atol=1e-5)
    without = vectors.nearest(query, 3, without=[ENTRIES[expected[0]].path])
    assert [item.entry for item in without] == [ENTRIES[i] for i in expected[1:4]]


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (Filters("a"), lambda i: i % 2 == 0),
        (Filters("./a/1/"), lambda i: i % 2 == 0 and i % 3 == 1),
        (Filters("nowhere"), lambda i: False),
        (Filters(since=1.7e9 + 86400 * 3, until=1.7e9 + 86400 * 6), lambda i: 3 <= i < 6),
        (Filters(smallest=300, largest=500), lambda i: 300 <= 100 * (i + 1) <= 500),
        (Filters("b", smallest=600), lambda i: i % 2 == 1 and i >= 5),
    ],
)
def test_filters_leave_the_rest_out(vectors: Vectors, filters: Filters, kept: object) -> None:
    expected = {ENTRIES[i].path for i in range(COUNT) if kept(i)}  # type: ignore[operator]
    near = vectors.nearest(unit(1, 1)[0], COUNT, filters)
    assert {item.entry.path for item in near} == expected and vectors.count(filters) == len(expected)


def test_a_recommendation_is_near_to_a_like_and_far_from_a_dislike(vectors: Vectors) -> None:
    """Against Qdrant's definition of its best score: the best like counts where it beats the worst dislike."""
    likes, dislikes = ROWS[[0, 1]], ROWS[[2]]
    judged = [ENTRIES[i].path for i in (0, 1, 2)]
    good, bad = (ROWS @ likes.T).max(axis=1), (ROWS @ dislikes.T).max(axis=1)
    score = np.where(good > bad, good, -bad - 10)
    expected = [i for i in np.argsort(-score) if i > 2][:4]
    near = vectors.recommend(likes, dislikes, 4, without=judged)
    assert [item.entry for item in near] == [ENTRIES[i] for i in expected]
    assert vectors.recommend(likes, ROWS[:0], 1, without=judged)[0].entry == ENTRIES[3 + int(np.argmax(good[3:]))]


def test_the_calls_are_those_of_the_rest_interface(qdrant_stub: QdrantStub) -> None:
    qdrant_stub.calls.clear()
    vectors = ServerVectors(qdrant_stub.url, "recorded", WIDTH)
    vectors.put(ENTRIES[:1], ROWS[:1])
    vectors.nearest(ROWS[0], 5, Filters("a", since=1.0), without=["x.jpg"])
    vectors.remove(["x.jpg"])
    list(vectors.entries())
    vectors.close()
    calls = [(method, path.removeprefix("/collections/recorded")) for method, path, _ in qdrant_stub.calls]
    assert calls == [
        ("GET", "/exists"),
        ("PUT", ""),
        ("PUT", "/index"),
        ("PUT", "/index"),
        ("PUT", "/index"),
        ("GET", ""),
        ("PUT", "/points"),
        ("POST", "/points/query"),
        ("POST", "/points/delete"),
        ("POST", "/points/scroll"),
    ]
    bodies = {path.rpartition("/")[2]: body for _, path, body in qdrant_stub.calls if body}
    assert bodies["recorded"]["vectors"]["distance"] == "Cosine" and bodies["recorded"]["vectors"]["size"] == WIDTH
    must = bodies["query"]["filter"]["must"]
    assert {item["key"] for item in must} == {"taken", "folders"} and bodies["query"]["limit"] == 5
    assert len(bodies["query"]["filter"]["must_not"][0]["has_id"]) == 1


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(InputError, match=r"The Qdrant server http://127\.0\.0\.1:9 cannot be used"):
        ServerVectors("http://127.0.0.1:9", "x", WIDTH)


def test_a_collection_of_another_width_is_refused(qdrant_stub: QdrantStub) -> None:
    ServerVectors(qdrant_stub.url, "wide", WIDTH).close()
    with pytest.raises(InputError, match="holds vectors of another model"):
        ServerVectors(qdrant_stub.url, "wide", WIDTH + 1)
