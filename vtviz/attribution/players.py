"""Words and squares of the photo as players: any of them may be there or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from vtviz.attribution.base import Details, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import of_text, peak_of
from vtviz.attribution.perturbation import batch_size, cover, encode, in_batches, score, to_pixels

TEXTS = 64  # at a time


def word_members(case: Case, index: int) -> Tensor:
    """Which pieces each word of a text has, ``[words, pieces]``; without words and pieces that the target does not
    read, as those from the explained piece of a caption on."""
    tokens = case.tokens[index]
    members = torch.tensor(tokens.word_of)[None, :] == torch.arange(len(tokens.words))[:, None]
    members = members & case.pieces(case.text.mask[index].cpu(), index)
    return members[members.any(dim=1)]


def square_masks(grid: tuple[int, int], side: int) -> Tensor:
    """Masks ``[n, h, w]`` of the squares of ``side`` patches that the grid falls into; True inside."""
    rows, columns = (torch.arange(length) // side for length in grid)
    number = rows[:, None] * (int(columns[-1]) + 1) + columns
    return number == torch.arange(int(number[-1, -1]) + 1)[:, None, None]


class Players:
    """The words of each text and the squares of the photo, which are shared by all texts.

    A missing word's pieces are dropped; a missing square shows the photo's mean colour.

    Args:
        case: the photo and the texts.
        side: of a square, in patches.
    """

    def __init__(self, case: Case, side: int) -> None:
        self.case = case
        self.squares = square_masks(case.model.grid, side)
        self.words = [word_members(case, index) for index in range(len(case.tokens))]

    def count(self, index: int) -> int:
        """Players of text ``index``: its words, then the squares."""
        return len(self.words[index]) + len(self.squares)

    def features(self, shown: Tensor, encoded: Callable[[int], None] = lambda count: None) -> Tensor:
        """Features of the photo with only those squares that ``shown [n, squares]`` has True; ``encoded`` hears after
        each batch how many more were encoded."""
        pixels = self.case.pixels
        masks = (shown.float() @ self.squares.flatten(1).float()).reshape(len(shown), *self.squares.shape[1:])

        def run(part: slice) -> Tensor:
            return encode(self.case.model, cover(pixels, to_pixels(masks[part], pixels)))

        parts = []
        for features in in_batches(run, len(shown), batch_size(pixels)):
            parts.append(features)
            encoded(len(features))
        return torch.cat(parts)

    def values(self, index: int, there: Tensor, features: Tensor, which: Tensor) -> Tensor:
        """The target ``[n]`` with only those words that ``there [n, words]`` has True and photo ``which [n]`` of
        ``features``."""

        def run(part: slice) -> Tensor:
            kept = there[part].float() @ self.words[index].float() > 0
            return score(self.case, features[which[part].to(features.device)], self.case.keep(index, kept))

        return torch.cat(list(in_batches(run, len(there), TEXTS)))

    def relevance(
        self,
        index: int,
        worth: Tensor,
        value: float,
        baseline: float | None = None,
        errors: Tensor | None = None,
    ) -> Relevance:
        """The relevance in which each player has its ``worth [players]``, shared evenly by its pieces or patches.

        Where ``baseline``, the target without any player, is known, the worths share out value − baseline: then the
        details hold the text's share and what is left over.
        """
        tokens, image = self._shared(index, worth)
        unit = peak_of(image)
        words, total = float(worth[: len(self.words[index])].abs().sum()), float(worth.abs().sum())
        spread = None if errors is None else self._shared(index, errors)
        details = Details(
            value=value,
            baseline=baseline,
            delta=None if baseline is None else value - baseline - float(worth.sum()),
            image_unit=unit,
            tokens_error=None if spread is None else spread[0].numpy(),
            image_error=None if spread is None else spread[1].reshape(self.case.model.grid).numpy() / (unit or 1.0),
            text_share=None if baseline is None or not total else words / total,
        )
        return of_text(image, tokens, self.case.model.grid, details=details)

    def _shared(self, index: int, worth: Tensor) -> Sequence[Tensor]:
        words = self.words[index].float()
        squares = self.squares.flatten(1).float()
        shares = torch.cat([words.sum(dim=1), squares.sum(dim=1)])
        share = worth.float() / shares
        return share[: len(words)] @ words, share[len(words) :] @ squares
