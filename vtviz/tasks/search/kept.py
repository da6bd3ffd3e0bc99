"""The parts of photos on disk: one file per content, patch vectors in 8 bits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from vtviz.files import make_folder, write_atomically

SCALE = ".scale"  # the end of the name under which the scales of a part are kept
STEPS = 127


def in_eight_bits(parts: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """Parts ``[images, …]`` as they are kept: those of vectors ``[images, n, width]`` as int8, with a float16 scale
    ``[images, n]`` for each vector; the others as float16."""
    kept: dict[str, np.ndarray] = {}
    for name, part in parts.items():
        if part.ndim < 3:
            kept[name] = part.to(torch.float16).cpu().numpy()
            continue
        largest = part.abs().amax(dim=-1).float()
        scale = (largest / STEPS).clamp_min(2.0**-24).to(torch.float16).clamp_min(2.0**-24)
        steps = (part.float() / scale.float()[..., None]).round().clamp(-STEPS, STEPS)
        kept[name], kept[name + SCALE] = steps.to(torch.int8).cpu().numpy(), scale.cpu().numpy()
    return kept


def from_eight_bits(kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The parts in float32 again."""
    return {
        name: part.float() * kept[name + SCALE].float()[..., None] if name + SCALE in kept else part.float()
        for name, part in kept.items()
        if not name.endswith(SCALE)
    }


class KeptParts:
    """Files of parts and thumbnails in a folder, by the sha256 of the photo's bytes: equal photos share theirs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, sha256: str) -> bool:
        """Whether both files of a photo are there."""
        return self._parts(sha256).exists() and self._thumbnail(sha256).exists()

    def write(self, sha256: str, parts: Mapping[str, np.ndarray], thumbnail: bytes) -> None:
        """Keeps the parts ``[…]`` of a photo and its thumbnail."""
        make_folder(self._parts(sha256).parent)
        arrays = {name: torch.from_numpy(np.ascontiguousarray(part)) for name, part in parts.items()}
        write_atomically(self._thumbnail(sha256), thumbnail)
        write_atomically(self._parts(sha256), save(arrays))

    def read(self, photos: Sequence[str], names: Collection[str] | None = None) -> dict[str, Tensor]:
        """The parts ``[photos, …]`` in float32, all of them or those of these names.

        Raises:
            OSError: if the file of a photo cannot be read.
        """
        rows = [self._read(sha256, names) for sha256 in photos]
        return from_eight_bits({name: torch.stack([row[name] for row in rows]) for name in (rows[0] if rows else ())})

    def thumbnail(self, sha256: str) -> bytes:
        """The thumbnail of a photo, a JPEG file. Raises OSError where it cannot be read."""
        return self._thumbnail(sha256).read_bytes()

    def remove(self, photos: Collection[str]) -> None:
        """Forgets photos."""
        for sha256 in photos:
            self._parts(sha256).unlink(missing_ok=True)
            self._thumbnail(sha256).unlink(missing_ok=True)

    def _read(self, sha256: str, names: Collection[str] | None) -> dict[str, Tensor]:
        try:
            with safe_open(self._parts(sha256), "pt") as file:
                wanted = [name for name in file.keys() if names is None or name.removesuffix(SCALE) in names]  # noqa: SIM118
                return {name: file.get_tensor(name) for name in wanted}
        except SafetensorError as error:
            raise OSError(f"{self._parts(sha256).name} is damaged") from error

    def _parts(self, sha256: str) -> Path:
        return self._folder / "parts" / sha256[:2] / f"{sha256}.safetensors"

    def _thumbnail(self, sha256: str) -> Path:
        return self._folder / "parts" / sha256[:2] / f"{sha256}.jpg"
