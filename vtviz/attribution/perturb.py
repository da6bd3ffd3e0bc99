"""Photos and texts with parts taken away, and what a model says of them."""

from __future__ import annotations

import hashlib
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from vtviz.attribution.base import Case, Watch

Fill = Literal["blur", "mean", "zero"]
FILLS: tuple[Fill, ...] = get_args(Fill)
BLUR = 0.08  # standard deviation of the blur, as a share of the photo's longer side
BATCH = 16


def filled(pixels: Tensor, fill: Fill) -> Tensor:
    """What stands in for the patches of ``pixels [1, 3, H, W]`` that are taken away, of the same shape.

    The photo blurred until nothing can be made out, its mean colour, or 0, which is what the model's normalisation makes
    of a middle grey or of the mean of its training photos.
    """
    if fill == "zero":
        return torch.zeros_like(pixels)
    if fill == "mean":
        return pixels.mean(dim=(2, 3), keepdim=True).expand_as(pixels)
    sigma = BLUR * max(pixels.shape[-2:])
    limit = min(pixels.shape[-2:]) - 1  # reflection cannot reach further
    size = 2 * min(round(3 * sigma), limit) + 1
    return gaussian_blur(pixels, [size, size], [sigma, sigma])


def of_patches(kept: Tensor, grid: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """``kept [n, patches]`` for each pixel, ``[n, 1, H, W]``, every patch with sharp edges."""
    maps = kept.reshape(-1, 1, *grid).float()
    return torch.nn.functional.interpolate(maps, size=size, mode="nearest-exact")


class Masked:
    """What a model says of one photo and text with parts taken away; equal masks are asked once.

    Values are match probabilities where the target is the match, the target itself otherwise.

    Args:
        case: one photo and one text.
        fill: what stands in for patches.
        watch: asked between batches whether to go on.
    """

    def __init__(self, case: Case, fill: Fill = "blur", watch: Watch | None = None) -> None:
        self.case, self.watch = case, watch or Watch()
        self.words = len(case.tokens[0].words)
        self._filled: Tensor | None = None
        self._fill = fill
        self._known: dict[bytes, float] = {}

    @property
    def patches(self) -> int:
        """The number of patches."""
        rows, columns = self.case.model.grid
        return rows * columns

    def without_patches(self, kept: np.ndarray) -> np.ndarray:
        """Values ``[n]`` with only the patches that ``kept [n, patches]`` has True."""
        return self._ask(kept, self._photos)

    def without_words(self, kept: np.ndarray) -> np.ndarray:
        """Values ``[n]`` with only the words that ``kept [n, words]`` has True; nothing stands in for the others."""
        return self._ask(kept, self._texts)

    def _ask(self, kept: np.ndarray, run: object) -> np.ndarray:
        assert callable(run)
        rows = np.ascontiguousarray(kept, dtype=bool)
        keys = [b"" if row.all() else hashlib.sha256(run.__name__.encode() + row.tobytes()).digest() for row in rows]
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._known}
        missing = list(new)
        for start in range(0, len(missing), BATCH):
            chunk = missing[start : start + BATCH]
            values = run(torch.from_numpy(np.stack([new[key] for key in chunk])))
            self._known.update(zip(chunk, values.tolist(), strict=True))
            self.watch.step(min(start + BATCH, len(missing)), len(missing))
        return np.array([self._known[key] for key in keys])

    def _photos(self, kept: Tensor) -> Tensor:
        case, model = self.case, self.case.model
        with torch.inference_mode():
            if self._filled is None:
                self._filled = filled(case.pixels, self._fill)
            shown = of_patches(kept, model.grid, (case.pixels.shape[-2], case.pixels.shape[-1])).to(case.pixels.device)
            features = model.encode_pixels(torch.where(shown > 0, case.pixels, self._filled))
            return self._value(model.score(features, case.text_of(0), case.scored))

    def _texts(self, kept: Tensor) -> Tensor:
        case = self.case
        pieces = kept[:, torch.tensor(case.tokens[0].word_of)]
        with torch.inference_mode():
            return self._value(case.model.score(case.features, case.keep(0, pieces), case.scored))

    def _value(self, scores: Tensor) -> Tensor:
        return (scores.sigmoid() if self.case.target.kind == "match" else scores).float().cpu()
