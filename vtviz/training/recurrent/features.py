"""The image features of a data set, computed once and kept on disk."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vtviz.evaluation.split import Row
from vtviz.files import make_folder, read_photo, write_atomically
from vtviz.inputs import InputError
from vtviz.models.recurrent.network import RecurrentNetwork, pooled_patches
from vtviz.models.vtviz_base.backbone import STRIDE, to_pixels
from vtviz.training.data_set import DataSet, Refused
from vtviz.training.precision import mixed_precision
from vtviz.watch import Watch

BATCH = 32


def read_features(
    data: DataSet, split: str, network: RecurrentNetwork, cache: Path, device: torch.device, watch: Watch
) -> tuple[list[Row], Tensor, tuple[Refused, ...]]:
    """The rows of a split, the features ``[rows, patches, channels]`` (float16) of their photos, and what was refused
    because a photo is damaged.

    They are kept in ``cache``, by the photos and the size that the network reads them in. A cache of vtviz-base for the
    same rows serves too.

    Raises:
        Cancelled: if the watch says so.
        InputError: if no photo can be used.
    """
    rows = data.train if split == "train" else data.dev
    shared = _of_vtviz_base(cache / f"{split}-0.npy", len(rows), network)
    if shared is not None and not data.refused:
        return rows, shared, ()
    make_folder(cache)
    path = cache / f"features-{_key(data.images, rows, network)}.npy"
    notes = path.with_suffix(".json")
    if not (path.is_file() and notes.is_file()):
        features, bad = _computed(data.images, rows, split, network, device, watch)
        buffer = io.BytesIO()
        np.save(buffer, features)
        write_atomically(path, buffer.getbuffer())
        write_atomically(notes, json.dumps(bad).encode())
    bad = json.loads(notes.read_text())
    kept = [row for row in rows if row["image"] not in bad]
    if len(kept) < 2:
        raise InputError("None of the photos in {folder} can be used.", folder=data.images.name)
    refused = tuple(Refused(name, 0, why) for name, why in bad.items())
    return kept, torch.from_numpy(np.load(path)), refused


def _of_vtviz_base(path: Path, count: int, network: RecurrentNetwork) -> Tensor | None:
    """Pooled features of a cache that vtviz-base's training made of the same photos; None where there is none."""
    if not path.is_file():
        return None
    features = np.load(path, mmap_mode="r")
    if features.shape[:2] != (count, (network.config.image_size // STRIDE) ** 2):
        return None
    blocks = [torch.from_numpy(features[first : first + BATCH].astype(np.float32)) for first in range(0, count, BATCH)]
    return torch.cat([pooled_patches(block, network.config.pool).half() for block in blocks])


def _key(images: Path, rows: Sequence[Row], network: RecurrentNetwork) -> str:
    """A name for the features of photos as they are now."""
    names = [row["image"] for row in rows]
    stats = [(images / name).stat() for name in names]
    photos = [[name, stat.st_size, stat.st_mtime_ns] for name, stat in zip(names, stats, strict=True)]
    about = [str(images.resolve()), network.config.image_size, network.config.pool, photos]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:20]


def _computed(
    images: Path, rows: Sequence[Row], split: str, network: RecurrentNetwork, device: torch.device, watch: Watch
) -> tuple[np.ndarray, dict[str, str]]:
    """Features of the photos that can be read, and why the others cannot."""
    backbone = network.backbone.to(device).to(memory_format=torch.channels_last).eval()
    config = network.config
    bad: dict[str, str] = {}

    def pixels(row: Row) -> Tensor | None:
        try:
            return to_pixels(read_photo(images / row["image"], row["image"]).to_pil(), config.image_size)
        except InputError as error:
            bad[row["image"]] = str(error)
            return None

    def block(start: int) -> list[Tensor | None]:
        return [pixels(row) for row in rows[start : start + BATCH]]

    blocks = []
    watch.enter(f"features {split}", len(rows))
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(block, 0)
        for first in range(0, len(rows), BATCH):
            watch.check()
            read = [item for item in upcoming.result() if item is not None]
            upcoming = pool.submit(block, first + BATCH)
            if read:
                stacked = torch.stack(read).to(device, memory_format=torch.channels_last)
                with torch.inference_mode(), mixed_precision(device):
                    pooled = backbone(stacked)
                blocks.append(pooled.half().cpu().numpy())
            watch.advance(len(rows[first : first + BATCH]))
    empty = np.zeros((0, config.side**2, network.backbone.channels), np.float16)
    return np.concatenate([empty, *blocks]), bad
