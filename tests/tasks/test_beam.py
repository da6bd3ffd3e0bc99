"""Beam search against trying every text."""

import itertools

import pytest
import torch
from torch import Tensor

from vtviz.tasks.beam import beam_search

START, END, PIECES, LENGTH = 0, 1, 5, 5


def step(chosen: Tensor) -> Tensor:
    """Made-up log-probabilities that depend on the whole text so far."""
    rows = []
    for row in chosen.tolist():
        made = torch.Generator().manual_seed(sum((i + 1) * 7**p for i, p in enumerate(row)))
        rows.append(torch.randn(PIECES, generator=made))
    return torch.stack(rows).log_softmax(dim=-1)


def every_text() -> list[tuple[float, tuple[int, ...]]]:
    found = []
    for count in range(LENGTH):
        for middle in itertools.product([0, 2, 3, 4], repeat=count):
            if count < LENGTH - 1:
                text = (*middle, END)
            elif count == LENGTH - 1:
                text = middle
            values, chosen = [], [START]
            for piece in text:
                values.append(float(step(torch.tensor([chosen]))[0, piece]))
                chosen.append(piece)
            found.append((sum(values) / len(values) ** 0.8, tuple(p for p in text if p != END)))
    return sorted(found, reverse=True)


def test_a_wide_beam_finds_the_best_text() -> None:
    best = beam_search(step, START, END, LENGTH, width=PIECES)
    score, pieces = every_text()[0]
    wide = max(best, key=lambda beam: beam.score(0.8))
    assert best[0] == wide and best == sorted(best, key=lambda beam: -beam.score(0.8))
    assert wide.score(0.8) <= score + 1e-6
    assert pieces == wide.pieces or wide.score(0.8) > every_text()[3][0]


def test_a_beam_of_one_takes_the_likeliest_piece_each_time() -> None:
    chosen, total = [START], 0.0
    while len(chosen) < LENGTH and chosen[-1] != END:
        row = step(torch.tensor([chosen]))[0]
        chosen.append(int(row.argmax()))
        total += float(row.max())
    (beam,) = beam_search(step, START, END, LENGTH, width=1)
    assert beam.pieces == tuple(p for p in chosen[1:] if p != END)
    assert sum(beam.log_probabilities) == pytest.approx(total, abs=1e-5)
