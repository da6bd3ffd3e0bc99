"""Beam search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Beam:
    """A finished text: its pieces without start and end, and the log-probability of each piece and of the end."""

    pieces: tuple[int, ...]
    log_probabilities: tuple[float, ...]

    def score(self, length_power: float) -> float:
        """Total log-probability over length to a power (Wu et al., 2016, use a similar penalty)."""
        return sum(self.log_probabilities) / len(self.log_probabilities) ** length_power


@torch.inference_mode()
def beam_search(
    step: Callable[[Tensor], Tensor],
    start: int,
    end: int,
    length: int,
    width: int = 5,
    length_power: float = 0.8,
) -> list[Beam]:
    """The ``width`` best texts, best first.

    Args:
        step: log-probabilities ``[beams, pieces]`` of the piece after ``chosen [beams, T]``.
        start: the piece before every text.
        end: the piece after every text.
        length: the most pieces a text may have, with its start and end.
        width: texts followed at a time.
        length_power: 0 prefers short texts, 1 compares the mean log-probability of a piece.
    """
    open_beams = [Beam((start,), ())]
    finished: list[Beam] = []
    while open_beams and len(finished) < width:
        chosen = torch.tensor([beam.pieces for beam in open_beams])
        likely, pieces = step(chosen).topk(width, dim=-1)
        grown = [
            Beam((*beam.pieces, piece), (*beam.log_probabilities, value))
            for beam, row, values in zip(open_beams, pieces.tolist(), likely.tolist(), strict=True)
            for piece, value in zip(row, values, strict=True)
        ]
        grown.sort(key=lambda beam: -sum(beam.log_probabilities))
        last = len(grown[0].pieces) >= length
        open_beams = []
        for beam in grown[:width]:
            if beam.pieces[-1] == end or last:
                finished.append(Beam(tuple(p for p in beam.pieces[1:] if p != end), beam.log_probabilities))
            else:
                open_beams.append(beam)
    return sorted(finished, key=lambda beam: -beam.score(length_power))[:width]
