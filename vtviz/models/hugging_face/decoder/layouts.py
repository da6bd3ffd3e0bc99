"""How decoders arrange a photo in their sequence: as one picture, or as tiles of it and a view of the whole.

An architecture is added by a function that reads its configuration, and its line in ``LAYOUTS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.models.hugging_face.decoder.prompts import DESCRIPTION, USUAL, Asked


@dataclass(frozen=True)
class Layout:
    """How a square input becomes tokens.

    ``tiles`` pictures lie along each side of the input, each of ``pixels`` pixels and ``side`` tokens a side; where
    ``overview`` is set, the whole input follows them, scaled down to one picture. ``before`` tokens stand before those
    of a picture. In a prompt ``placeholder`` stands for the photo, which is ``written`` out instead. ``ahead`` says
    which tokens attend to those after them too: none, those of the photo to each other, or those of the whole prompt.
    ``asked`` holds the questions.
    """

    placeholder: str
    written: str
    pixels: int
    side: int
    tiles: int = 1
    overview: bool = False
    before: int = 0
    ahead: Literal["none", "photo", "prompt"] = "none"
    asked: Asked = USUAL

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the input, in pixels."""
        return self.tiles * self.pixels, self.tiles * self.pixels

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.tiles * self.side, self.tiles * self.side

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
        """The pictures ``[batch, n, 3, pixels, pixels]`` of inputs ``[batch, 3, size, size]``, in the network's
        order."""
        parts = pixels.unflatten(3, (self.tiles, self.pixels)).unflatten(2, (self.tiles, self.pixels))
        pictures = parts.permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
        if self.overview:
            whole = F.interpolate(
                pixels.float(), size=(self.pixels, self.pixels), mode="bilinear", antialias=True, align_corners=False
            )
            pictures = torch.cat([pictures, whole[:, None].to(pictures.dtype)], dim=1)
        return pictures

    def order(self) -> Tensor:
        """Which token of the photo, as the network has them, stands at each place of the image axis."""
        inside = self.side**2 + self.before
        each = torch.arange(self.tiles**2 * inside).view(self.tiles, self.tiles, inside)
        first = each[..., : self.before].flatten()
        patches = each[..., self.before :].unflatten(2, (self.side, self.side)).permute(0, 2, 1, 3).flatten()
        overview = torch.arange(self.side**2) + each.numel() if self.overview else torch.arange(0)
        return torch.cat([first, overview, patches])


def llava(config: Any, tokenizer: Any, settings: dict[str, Any]) -> Layout:
    """LLaVA: one picture, its class token left out as a rule."""
    vision, token = config.vision_config, tokenizer.convert_ids_to_tokens(config.image_token_id)
    side = int(vision.image_size) // int(vision.patch_size)
    before = 0 if config.vision_feature_select_strategy == "default" else 1
    before = 0 if "siglip" in vision.model_type else before
    return Layout(token, token * (side**2 + before), int(vision.image_size), side, before=before)


def idefics(config: Any, tokenizer: Any, settings: dict[str, Any]) -> Layout:
    """Idefics 3 and SmolVLM: tiles row by row, each after its name, and then the whole; or the whole alone."""
    vision, token = config.vision_config, tokenizer.convert_ids_to_tokens(config.image_token_id)
    pixels = int(vision.image_size)
    side = pixels // int(vision.patch_size) // int(config.scale_factor)
    fake, whole, picture = "<fake_token_around_image>", "<global-img>", token * side**2
    longest = (settings.get("size") or {}).get("longest_edge") or pixels
    tiles = max(1, int(longest) // pixels) if settings.get("do_image_splitting", True) else 1
    if tiles == 1:
        return Layout(token, f"{fake}{whole}{picture}{fake}", pixels, side)
    rows = (
        "".join(f"{fake}<row_{row + 1}_col_{column + 1}>{picture}" for column in range(tiles)) for row in range(tiles)
    )
    written = "".join(f"{row}\n" for row in rows) + f"\n{fake}{whole}{picture}{fake}"
    return Layout(token, written, pixels, side, tiles, overview=True)


def internvl(config: Any, tokenizer: Any, settings: dict[str, Any]) -> Layout:
    """InternVL, with the photo as one tile."""
    vision, token = config.vision_config, tokenizer.convert_ids_to_tokens(config.image_token_id)
    pixels, patch = (int(x[0] if isinstance(x, list | tuple) else x) for x in (vision.image_size, vision.patch_size))
    side = int(pixels // patch * config.downsample_ratio)
    return Layout(token, f"<img>{token * side**2}</img>", pixels, side)


def gemma(config: Any, tokenizer: Any, settings: dict[str, Any]) -> Layout:
    """Gemma 3, with the whole photo as one picture (its pan and scan is off)."""
    begin, token, end = (
        tokenizer.convert_ids_to_tokens(index)
        for index in (config.boi_token_id, config.image_token_id, config.eoi_token_id)
    )
    side = isqrt(int(config.mm_tokens_per_image))
    written = f"\n\n{begin}{token * side**2}{end}\n\n"
    return Layout(begin, written, int(config.vision_config.image_size), side, ahead="photo")


def paligemma(config: Any, tokenizer: Any, settings: dict[str, Any]) -> Layout:
    """PaliGemma, whose prompts are the tasks that it was trained with (Beyer et al., arXiv 2407.07726)."""
    vision, token = config.vision_config, tokenizer.convert_ids_to_tokens(config.image_token_id)
    side = int(vision.image_size) // int(vision.patch_size)
    asked = Asked(
        match=f"answer en Does the photo show this: {DESCRIPTION}?",
        caption="caption en",
        plain=f"{{image}}{tokenizer.bos_token or ''}{{question}}\n",
    )
    return Layout(token, token * side**2, int(vision.image_size), side, ahead="prompt", asked=asked)


LAYOUTS: dict[str, Callable[[Any, Any, dict[str, Any]], Layout]] = {
    "llava": llava,
    "idefics3": idefics,
    "smolvlm": idefics,
    "internvl": internvl,
    "gemma3": gemma,
    "paligemma": paligemma,
}
