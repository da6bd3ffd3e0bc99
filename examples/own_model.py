"""A network of your own in vtviz: words that attend to patches, and a match score.

    import own_model, vtviz.models
    vtviz.models.register(own_model)          # then: load_model("own"), LocalEngine, the pages

An installed package needs no call, but an entry point: ``[project.entry-points."vtviz.models"] own = "own_model"``.
"""

import re
import zlib

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.inputs import ImageInput
from vtviz.models.attention import Attention
from vtviz.models.base import ModelInfo
from vtviz.models.simple import SimpleModel

SIDE, WIDTH, WORDS = 14, 64, 4096  # patches a side, channels, hashed vocabulary


class Network(nn.Module):
    """Hashed words attend to patches of the photo; the mean of what they take in becomes a logit."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.patches = nn.Embedding(WORDS, WIDTH), nn.Conv2d(3, WIDTH, 16, 16)
        self.cross = nn.ModuleList(Attention(WIDTH, 4, "text→image") for _ in range(2))
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, patches: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        words = self.words(ids)
        for cross in self.cross:
            words = words + cross(words, patches)
        mean = (words * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp_min(1)
        return self.head(mean)[:, 0]


class OwnModel(SimpleModel):
    name, grid, default_layer = "own", (SIDE, SIDE), 1

    def __init__(self, device: torch.device) -> None:
        torch.manual_seed(0)  # here your weights are loaded
        self.network = Network().eval().requires_grad_(False).to(device)
        self.words = self.network.words

    def read(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        found = list(re.finditer(r"\w+", text.lower()))
        return [zlib.crc32(word.group().encode()) % WORDS for word in found], [word.span() for word in found]

    def pixels(self, image: ImageInput) -> Tensor:
        photo = torch.from_numpy(image.pixels.copy()).permute(2, 0, 1)[None].float().to(self.device) / 127.5 - 1
        return F.interpolate(photo, (16 * SIDE, 16 * SIDE), mode="bilinear", antialias=True)

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        return self.network.patches(pixels).flatten(2).transpose(1, 2)

    def match(self, features: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        return self.network(features, ids, mask)


def infos() -> list[ModelInfo]:
    return [ModelInfo("own", "My network", "Two blocks of cross-attention.", "mine", True, OwnModel.abilities)]


def load(name: str, device: torch.device) -> OwnModel | None:
    return OwnModel(device) if name == "own" else None
