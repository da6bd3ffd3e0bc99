"""How a decoder arranges a photo in its sequence, and what that is read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.models.hugging_face.decoder.prompts import USUAL, Asked

MOST = 1024  # patches of a photo, where the name asks for no other number


@dataclass(frozen=True)
class Source:
    """What a layout is read from: a configuration, a tokenizer and the ``settings`` of an image processor.

    It is for a ``photo`` of this height and width in pixels, or for any where that is None. ``grid`` are the rows and
    columns that the name asks for, ``most`` the patches that a photo may have.
    """

    config: Any
    tokenizer: Any
    settings: dict[str, Any]
    photo: tuple[int, int] | None = None
    grid: tuple[int, int] | None = None
    most: int = MOST

    @property
    def token(self) -> str:
        """What stands for one token of a photo."""
        token: str = self.tokenizer.convert_ids_to_tokens(self.config.image_token_id)
        return token


@dataclass(frozen=True)
class Layout:
    """How an input becomes tokens.

    ``tiles`` are the rows and columns of pictures that the input is cut into, each of ``pixels`` pixels and ``side``
    tokens a side; where ``overview`` is set, the whole input follows them, scaled to one picture. ``before`` tokens
    stand before those of a picture. In a prompt ``placeholder`` stands for the photo, which is ``written`` out instead.
    ``ahead`` says which tokens attend to those after them too: none, those of the photo to each other, or those of the
    whole prompt. ``asked`` holds the questions.
    """

    placeholder: str
    written: str
    pixels: int
    side: int
    tiles: tuple[int, int] = (1, 1)
    overview: bool = False
    before: int = 0
    ahead: Literal["none", "photo", "prompt"] = "none"
    asked: Asked = USUAL

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the input, in pixels."""
        return self.tiles[0] * self.pixels, self.tiles[1] * self.pixels

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.tiles[0] * self.side, self.tiles[1] * self.side

    @property
    def offset(self) -> int:
        """Tokens that are put before the first patch on the image axis: those of the overview."""
        return self.before + (self.side**2 if self.overview else 0)

    @property
    def patch(self) -> tuple[int, int]:
        """Height and width of a patch, in pixels."""
        return self.pixels // self.side, self.pixels // self.side

    def positions(self, mask: Tensor, start: int) -> Tensor:
        """The position ``[..., n, T]`` of each token of sequences, of which ``mask [n, T]`` is 1 for real ones; the
        photo's tokens begin at ``start``."""
        return (mask.cumsum(dim=1) - 1).clamp_min(0)

    def pictures(self, pixels: Tensor) -> Tensor:
        """The pictures ``[batch, n, 3, pixels, pixels]`` of inputs ``[batch, 3, height, width]``, in the network's
        order."""
        rows, columns = self.tiles
        parts = pixels.unflatten(3, (columns, self.pixels)).unflatten(2, (rows, self.pixels))
        pictures = parts.permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
        if self.overview:
            whole = F.interpolate(
                pixels.float(), size=(self.pixels, self.pixels), mode="bilinear", antialias=True, align_corners=False
            )
            pictures = torch.cat([pictures, whole[:, None].to(pictures.dtype)], dim=1)
        return pictures

    def order(self) -> Tensor:
        """Which token of the photo, as the network has them, stands at each place of the image axis."""
        rows, columns = self.tiles
        inside = self.side**2 + self.before
        each = torch.arange(rows * columns * inside).view(rows, columns, inside)
        first = each[..., : self.before].flatten()
        patches = each[..., self.before :].unflatten(2, (self.side, self.side)).permute(0, 2, 1, 3).flatten()
        overview = torch.arange(self.side**2) + each.numel() if self.overview else torch.arange(0)
        return torch.cat([first, overview, patches])
