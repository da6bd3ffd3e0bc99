"""Photos and texts with parts taken away, and what a model says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.attribution.case import Case
from vtviz.attribution.perturbation import batch_size, blank, encode, in_batches, score, to_pixels
from vtviz.models.base import as_score
from vtviz.watch import Watch

Fill = Literal["blur", "mean", "zero"]
FILLS: tuple[Fill, ...] = get_args(Fill)
BLUR = 0.08  # standard deviation of the blur, as a share of the photo's longer side


def filled(pixels: Tensor, fill: Fill) -> Tensor:
    """What stands in for the patches of ``pixels [1, 3, H, W]`` that are taken away, of the same shape.

    The photo blurred until nothing can be made out, its mean colour, or 0, which is what the model's normalisation
    makes of a middle grey or of the mean of its training photos.
    """
    if fill == "zero":
        return torch.zeros_like(pixels)
    if fill == "mean":
        return blank(pixels)
    sigma = BLUR * max(pixels.shape[-2:])
    limit = min(pixels.shape[-2:]) - 1  # reflection cannot reach further
    half = min(round(3 * sigma), limit)
    steps = torch.arange(-half, half + 1, dtype=pixels.dtype, device=pixels.device)
    bell = torch.exp(-0.5 * (steps / sigma) ** 2)
    bell = (bell / bell.sum()).expand(pixels.shape[1], 1, -1)
    # A bell in two dimensions is one down, then one across, which takes a hundredth of the time.
    down = F.conv2d(F.pad(pixels, (0, 0, half, half), mode="reflect"), bell[..., None], groups=pixels.shape[1])
    return F.conv2d(F.pad(down, (half, half, 0, 0), mode="reflect"), bell[:, :, None], groups=pixels.shape[1])


class Masked:
    """What a model says of one photo and text with parts taken away; equal masks are asked once.

    Values are the match ``as_shown`` (a probability, where the model has one), or the target itself.

    Args:
        case: one photo and one text.
        fill: what stands in for patches.
        watch: asked between batches whether to go on.
        as_shown: whether the match is.
    """

    def __init__(self, case: Case, fill: Fill = "blur", watch: Watch | None = None, as_shown: bool = True) -> None:
        self.as_shown = as_shown
        self.case, self.watch = case, watch or Watch()
        self.words = len(case.tokens[0].words)
        self._filled: Tensor | None = None
        self.fill = fill
        self._known: dict[bytes, float] = {}

    @property
    def patches(self) -> int:
        """The number of patches."""
        rows, columns = self.case.model.grid
        return rows * columns

    def without_patches(self, kept: np.ndarray) -> np.ndarray:
        """Values ``[n]`` with only the patches that ``kept [n, patches]`` has True."""
        return self._ask("patches", kept, self._photos)

    def without_words(self, kept: np.ndarray) -> np.ndarray:
        """Values ``[n]`` with only the words that ``kept [n, words]`` has True; nothing stands in for the others."""
        return self._ask("words", kept, self._texts)

    def _ask(self, name: str, kept: np.ndarray, run: Callable[[Tensor], Tensor]) -> np.ndarray:
        rows = np.ascontiguousarray(kept, dtype=bool)
        keys = [b"" if row.all() else hashlib.sha256(name.encode() + row.tobytes()).digest() for row in rows]
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._known}
        missing, done = list(new), 0
        if missing:

            def ask(part: slice) -> Tensor:
                return run(torch.from_numpy(np.stack([new[key] for key in missing[part]])))

            for values in in_batches(ask, len(missing), batch_size(self.case.pixels)):
                keys_done = missing[done : done + len(values)]
                self._known.update(zip(keys_done, values.tolist(), strict=True))
                done += len(values)
                self.watch.step(done, len(missing))
        return np.array([self._known[key] for key in keys])

    def _photos(self, kept: Tensor) -> Tensor:
        case, pixels = self.case, self.case.pixels
        if self._filled is None:
            self._filled = filled(pixels, self.fill)
        shown = to_pixels(kept.unflatten(1, case.model.grid), pixels)
        return self._value(
            score(case, encode(case.model, torch.where(shown > 0, pixels, self._filled)), case.text_of(0))
        )

    def _texts(self, kept: Tensor) -> Tensor:
        pieces = kept[:, torch.tensor(self.case.tokens[0].word_of)]
        return self._value(score(self.case, self.case.features, self.case.keep(0, pieces)))

    def _value(self, scores: Tensor) -> Tensor:
        if self.case.target.kind != "match" or not self.as_shown:
            return scores
        return as_score(scores, self.case.model.score_kind)
