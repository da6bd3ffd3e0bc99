"""What an open_clip model is made of, once it is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from vtviz.models.open_clip.text import Reader
from vtviz.models.open_clip.towers.geometry import Preprocessing


@dataclass(frozen=True)
class Parts:
    """What loading found: a network, how photos and texts reach it, and what a person should be told."""

    name: str
    network: nn.Module
    reader: Reader
    preprocessing: Preprocessing
    sha256: str
    notices: tuple[str, ...] = ()
