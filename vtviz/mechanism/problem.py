"""A problem as a person writes it in JSON, checked; and its steps as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vtviz.files import is_number
from vtviz.inputs import InputError
from vtviz.mechanism.attention import Problem, Steps

NEEDED = ("x", "w_q", "w_k", "w_v")
OPTIONAL = ("context", "w_o", "heads", "mask", "temperature")
SHOWN = ("q", "k", "v", "scores", "scaled", "weights", "output")


def read_problem(data: Any) -> Problem:
    """The problem in a JSON value with ``x``, ``w_q``, ``w_k``, ``w_v`` and perhaps ``context``, ``w_o``, ``heads``,
    ``mask``, ``temperature``. What is null counts as left out.

    ``mask`` is ``"causal"``, one true or false per key (padding), or a matrix of them, where true lets a query attend.

    Raises:
        InputError: if something is missing or does not fit; it names both shapes.
    """
    if not isinstance(data, Mapping):
        raise InputError("A mechanism is a JSON object with x, w_q, w_k and w_v.")
    data = {name: value for name, value in data.items() if value is not None}
    for name in data:
        if name not in (*NEEDED, *OPTIONAL):
            known = ", ".join((*NEEDED, *OPTIONAL))
            raise InputError("A mechanism has no {name}; use only {known}.", name=name, known=known)
    for name in NEEDED:
        if name not in data:
            raise InputError("{name} is missing; a mechanism needs x, w_q, w_k and w_v.", name=name)
    matrices = {name: _matrix(name, data[name]) for name in (*NEEDED, "context", "w_o") if name in data}
    _check_shapes(matrices)
    heads = _heads(data.get("heads", 1), matrices)
    x, source = matrices["x"], matrices.get("context", matrices["x"])
    return Problem(
        **matrices,
        heads=heads,
        mask=_mask(data.get("mask"), len(x), len(source)),
        temperature=_temperature(data.get("temperature", 1)),
    )


def steps_dict(steps: Steps) -> dict[str, Any]:
    """The steps as JSON; what has one matrix per head is that matrix alone where there is a single head."""
    result = {name: getattr(steps, name).tolist() for name in SHOWN}
    if len(steps.weights) == 1:
        result |= {name: result[name][0] for name in ("scores", "scaled", "weights")}
    return result


def _matrix(name: str, value: Any) -> np.ndarray:
    rows = value if isinstance(value, list) else []
    width = len(rows[0]) if rows and isinstance(rows[0], list) else 0
    fits = width and all(isinstance(row, list) and len(row) == width and all(map(is_number, row)) for row in rows)
    if not fits:
        raise InputError("{name} must be a matrix: a list of rows of numbers, all of one length.", name=name)
    return np.array(rows, dtype=np.float64)


def _check_shapes(matrices: Mapping[str, np.ndarray]) -> None:
    shapes = {name: list(matrix.shape) for name, matrix in matrices.items()}
    side = "context" if "context" in shapes else "x"
    for name, other in (("w_q", "x"), ("w_k", side), ("w_v", side)):
        if shapes[name][1] != shapes[other][1]:
            raise InputError(
                "{name} has shape {shape} and {other} has shape {other_shape}: both need the same number of columns.",
                name=name,
                shape=shapes[name],
                other=other,
                other_shape=shapes[other],
            )
    if shapes["w_q"][0] != shapes["w_k"][0]:
        raise InputError(
            "{name} has shape {shape} and {other} has shape {other_shape}: both need the same number of rows.",
            name="w_q",
            shape=shapes["w_q"],
            other="w_k",
            other_shape=shapes["w_k"],
        )
    if "w_o" in shapes and shapes["w_o"][1] != shapes["w_v"][0]:
        raise InputError(
            "{name} has shape {shape} and {other} has shape {other_shape}: {name} needs as many columns as {other} has "
            "rows.",
            name="w_o",
            shape=shapes["w_o"],
            other="w_v",
            other_shape=shapes["w_v"],
        )


def _heads(value: Any, matrices: Mapping[str, np.ndarray]) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError("heads must be a whole number from 1, not {value}.", value=value)
    for name in ("w_q", "w_v"):
        if len(matrices[name]) % value:
            raise InputError(
                "{name} has shape {shape}, whose rows cannot be shared evenly by {heads} heads.",
                name=name,
                shape=list(matrices[name].shape),
                heads=value,
            )
    return value


def _mask(value: Any, queries: int, keys: int) -> np.ndarray | None:
    if value is None:
        return None
    if value == "causal":
        mask = np.tri(queries, keys, dtype=bool)
    else:
        mask = _flags(value)
        if mask.shape not in ((keys,), (queries, keys)):
            raise InputError(
                "mask has shape {shape} and the scores have shape {scores}: give one row per query, or a single list "
                "with one value per key.",
                shape=list(mask.shape),
                scores=[queries, keys],
            )
        mask = np.broadcast_to(mask, (queries, keys))
    empty = np.flatnonzero(~mask.any(axis=1))
    if len(empty):
        raise InputError("The mask hides every key from query {query}; leave at least one.", query=int(empty[0]) + 1)
    return mask


def _flags(value: Any) -> np.ndarray:
    rows: list[Any] = value if isinstance(value, list) else []
    lines = rows if rows and all(isinstance(row, list) for row in rows) else [rows]
    width = len(lines[0])
    if not width or not all(len(line) == width and all(map(_is_flag, line)) for line in lines):
        raise InputError('mask must be "causal", a list of true and false, or a matrix of them.')
    return np.array(rows, dtype=bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool | int) and value in (0, 1)


def _temperature(value: Any) -> float:
    if not is_number(value) or value <= 0:
        raise InputError("temperature must be a number above 0, not {value}.", value=value)
    return float(value)
