"""Two explanations side by side."""

from dataclasses import replace

import numpy as np
import pytest

from vtviz.attribution.base import Relevance
from vtviz.engine.comparison import compare, comparison_dict
from vtviz.engine.engine import Engine
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput, group_pieces


@pytest.fixture(scope="module")
def base(engine: Engine, cat: ImageInput) -> Explanation:
    return engine.ask(Explain(cat, "a cat"))


def made(base: Explanation, text: str, maps: list[list[list[float]]], scores: list[float]) -> Explanation:
    """An explanation of one piece a word with given maps and scores."""
    words, spans, start = text.split(), [], 0
    for word in words:
        spans.append((start, start + len(word)))
        start += len(word) + 1
    stacked = np.array(maps)
    relevance = Relevance(np.array(scores), stacked, stacked.mean(axis=0), signed=False)
    return replace(base, tokens=group_pieces(text, words, spans), relevance=relevance)


def test_figures_of_a_changed_word_by_hand(base: Explanation) -> None:
    first = made(base, "a cat", [[[1.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]]], [0.1, 0.5])
    second = made(base, "a dog", [[[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.5, 0.5]]], [0.1, 0.2])
    found = compare(first, second)
    assert [pair.places for pair in found.pairs] == [(None, None), (0, 0), (1, 1)] and found.changed == 2
    pair = found.pairs[2]
    np.testing.assert_allclose(pair.difference, [[1.0, 0.0], [-0.5, -0.5]])
    assert pair.scores == (0.5, 0.2) and pair.overlap == 0.0
    # Ranks 4, 2, 2, 2 and 1.5, 1.5, 3.5, 3.5
    assert pair.correlation == pytest.approx(np.corrcoef([4, 2, 2, 2], [1.5, 1.5, 3.5, 3.5])[0, 1])
    assert found.pairs[1].correlation is None  # a flat map has no order
    assert (found.pairs[1].difference == 0).all()


def test_a_word_without_a_counterpart_stands_alone(base: Explanation) -> None:
    flat = [[1.0, 0.0], [0.0, 0.0]]
    found = compare(made(base, "a red cat", [flat] * 3, [1, 2, 3]), made(base, "a cat", [flat] * 2, [1, 3]))
    assert [pair.places for pair in found.pairs[1:]] == [(0, 0), (1, None), (2, 1)]
    alone = found.pairs[2]
    assert alone.difference is None and alone.overlap is None and alone.maps[0] is not None and alone.maps[1] is None


def test_different_photos_have_no_difference(base: Explanation) -> None:
    other = replace(base, image=ImageInput(base.image.pixels, "0" * 64))
    found = compare(base, other)
    assert not found.same_photo and all(pair.difference is None for pair in found.pairs)
    assert all(pair.maps[0] is not None for pair in found.pairs)


def test_the_file_holds_both_explanations_and_every_pair(base: Explanation) -> None:
    file = comparison_dict(compare(base, base))
    assert file["a"]["fingerprint"] == file["b"]["fingerprint"] == base.fingerprint
    assert file["pairs"][1]["words"] == ["a", "a"] and file["pairs"][0]["words"] is None
    assert all(row["rank_correlation"] == pytest.approx(1.0) and row["overlap"] == 1.0 for row in file["pairs"])
