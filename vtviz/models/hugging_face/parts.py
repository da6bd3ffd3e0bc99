"""What a model of transformers is made of, once it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtviz.models.open_clip.towers.geometry import Preprocessing


@dataclass(frozen=True)
class Parts:
    """What loading found: a network, its tokenizer, how photos reach it (its input's size is not yet known), and what a
    person should be told.

    ``folder`` holds its files; ``grid`` holds the rows and columns that the name asks for, ``patches`` the most that a
    photo may have.
    """

    name: str
    shown: str
    architecture: str
    network: Any
    tokenizer: Any
    preprocessing: Preprocessing
    sha256: str
    folder: Path
    notices: tuple[str, ...] = ()
    grid: tuple[int, int] | None = None
    patches: int | None = None
