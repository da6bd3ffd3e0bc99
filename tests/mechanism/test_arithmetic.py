"""Attention as arithmetic, against a computation written out number by number."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtviz.inputs import InputError
from vtviz.mechanism.attention import attend
from vtviz.mechanism.problem import read_problem, steps_dict

Rows = list[list[float]]


def matrix(rows: int, columns: int) -> st.SearchStrategy[Rows]:
    numbers = st.floats(-4, 4, allow_nan=False, width=32)
    return st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    """Any sizes, heads, masks and temperatures, self and cross."""
    n, m, d, c, heads = (draw(st.integers(1, 4)) for _ in range(5))
    size, value_size, out = (draw(st.integers(1, 3)) for _ in range(3))
    cross = draw(st.booleans())
    m, c = (m, c) if cross else (n, d)
    data: dict[str, Any] = {
        "x": draw(matrix(n, d)),
        "w_q": draw(matrix(heads * size, d)),
        "w_k": draw(matrix(heads * size, c)),
        "w_v": draw(matrix(heads * value_size, c)),
        "heads": heads,
        "temperature": draw(st.floats(0.05, 20)),
    }
    if cross:
        data["context"] = draw(matrix(m, c))
    if draw(st.booleans()):
        data["w_o"] = draw(matrix(out, heads * value_size))
    flags = st.lists(st.booleans(), min_size=m, max_size=m).map(lambda row: [True, *row[1:]])
    data["mask"] = draw(st.one_of(st.none(), st.just("causal"), flags, st.lists(flags, min_size=n, max_size=n)))
    return data


def dot(first: list[float], second: list[float]) -> float:
    return math.fsum(a * b for a, b in zip(first, second, strict=True))


def by_hand(data: dict[str, Any]) -> dict[str, Any]:
    """Every step, one number at a time."""
    x, context, heads = data["x"], data.get("context", data["x"]), data["heads"]
    q, k = ([[dot(row, w) for w in data[name]] for row in side] for name, side in (("w_q", x), ("w_k", context)))
    v = [[dot(row, w) for w in data["w_v"]] for row in context]
    size, value_size = len(data["w_q"]) // heads, len(data["w_v"]) // heads
    mask = data["mask"]
    scores, scaled, weights = [], [], []
    joined: Rows = [[] for _ in x]
    for head in range(heads):
        part, value_part = slice(head * size, (head + 1) * size), slice(head * value_size, (head + 1) * value_size)
        scores.append([[dot(query[part], key[part]) for key in k] for query in q])
        scaled.append([[score / math.sqrt(size) for score in row] for row in scores[-1]])
        weights.append([])
        for i, row in enumerate(scaled[-1]):
            shown = [
                mask is None or (j <= i if mask == "causal" else mask[i][j] if isinstance(mask[0], list) else mask[j])
                for j in range(len(row))
            ]
            top = max(value for value, there in zip(row, shown, strict=True) if there)
            powers = [
                math.exp((value - top) / data["temperature"]) if there else 0.0
                for value, there in zip(row, shown, strict=True)
            ]
            weights[-1].append([power / math.fsum(powers) for power in powers])
            values = [value[value_part] for value in v]
            joined[i] += [dot(weights[-1][-1], list(column)) for column in zip(*values, strict=True)]
    output = [[dot(row, w) for w in data["w_o"]] for row in joined] if "w_o" in data else joined
    return {"q": q, "k": k, "v": v, "scores": scores, "scaled": scaled, "weights": weights, "output": output}


@settings(max_examples=300, deadline=None)
@given(problems())
def test_every_number_is_that_of_an_independent_computation(data: dict[str, Any]) -> None:
    result, expected = steps_dict(attend(read_problem(json.loads(json.dumps(data))))), by_hand(data)
    for name, numbers in expected.items():
        if data["heads"] == 1 and name in ("scores", "scaled", "weights"):
            numbers = numbers[0]
        np.testing.assert_allclose(np.array(result[name]), np.array(numbers), rtol=1e-9, atol=1e-9, err_msg=name)


@settings(max_examples=100, deadline=None)
@given(problems())
def test_weights_are_a_budget_and_hidden_keys_get_nothing(data: dict[str, Any]) -> None:
    problem = read_problem(data)
    weights = attend(problem).weights
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    assert (weights >= 0).all()
    if problem.mask is not None:
        assert not weights[:, ~problem.mask].any()


def test_the_textbooks_example_comes_out_right() -> None:
    w = [[1, 0, 1, 0], [0, 1, 0, 1]]
    data = {"x": [[1, 0, 0, 1], [0, 1, 1, 0]], "w_q": w, "w_k": [[1, 1, 0, 0], [0, 0, 1, 1]], "w_v": w}
    result = steps_dict(attend(read_problem(data)))
    ones = [[1.0, 1.0], [1.0, 1.0]]
    assert result["q"] == result["k"] == result["v"] == result["output"] == ones
    assert result["scores"] == [[2.0, 2.0], [2.0, 2.0]] and result["weights"] == [[0.5, 0.5], [0.5, 0.5]]
    np.testing.assert_allclose(result["scaled"], math.sqrt(2))


GOOD: dict[str, Any] = {"x": [[1, 2], [3, 4]], "w_q": [[1, 0]], "w_k": [[0, 1]], "w_v": [[1, 1]]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"w_q": [[1, 0, 0]]}, ["w_q", "[1, 3]", "x", "[2, 2]", "columns"]),
        ({"context": [[1, 2, 3]]}, ["w_k", "[1, 2]", "context", "[1, 3]"]),
        ({"w_k": [[0, 1], [1, 1]]}, ["w_q", "[1, 2]", "w_k", "[2, 2]", "rows"]),
        ({"w_o": [[1, 2]]}, ["w_o", "[1, 2]", "w_v"]),
        ({"heads": 2}, ["w_q", "[1, 2]", "2 heads"]),
        ({"heads": 0}, ["heads", "not 0"]),
        ({"heads": 1.5}, ["heads", "1.5"]),
        ({"mask": [True]}, ["mask", "[1]", "[2, 2]"]),
        ({"mask": [[True, True, True]] * 2}, ["[2, 3]", "[2, 2]"]),
        ({"mask": [[False, False], [True, True]]}, ["query 1"]),
        ({"mask": "padding"}, ["causal"]),
        ({"mask": [[True], [True, True]]}, ["causal"]),
        ({"temperature": 0}, ["temperature", "not 0"]),
        ({"temperature": "warm"}, ["temperature", "warm"]),
        ({"x": [[1, 2], [3]]}, ["x must be a matrix"]),
        ({"x": []}, ["x must be a matrix"]),
        ({"x": [[1, "2"]]}, ["x must be a matrix"]),
        ({"x": None}, ["x is missing"]),
        ({"head": 2}, ["no head", "heads"]),
        ({"x": [[1e308, 1e308]], "w_q": [[9, 9]]}, ["too large"]),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(change: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        attend(read_problem({**GOOD, **change}))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_other_json_is_refused() -> None:
    with pytest.raises(InputError, match="JSON object"):
        read_problem([1, 2])
