"""Quick dev figures during training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from vtviz.evaluation.split import read_rows
from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.network import Encoded, FusionNetwork
from vtviz.training.precision import mixed_precision
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.small_things import small_things

PHOTOS = 300


class Development:
    """A fixed part of the dev split, from cached features."""

    def __init__(self, photos: Path, cache: Path, tokenizer: Tokenizer, side: int) -> None:
        self.rows = read_rows(photos / "dev.jsonl")[:PHOTOS]
        self.features = torch.from_numpy(np.load(cache / "dev-0.npy", mmap_mode="c")[:PHOTOS])
        self.captions = [row["captions"][0] for row in self.rows]
        self.small = [small_things(row) for row in self.rows]
        self.tokenizer = tokenizer
        self.encoded = tokenizer.encode_batch(self.captions)
        self.side = side
        self.ids, self.mask = padded(self.encoded)

    @torch.inference_mode()
    def measure(self, network: FusionNetwork) -> dict[str, float]:
        """Match AUC, recall@10 of the similarity, and pointing accuracy of the best layer's raw attention."""
        with mixed_precision():
            text = network.encode_text(self.ids, self.mask)
            image = join([network.encode_patches(block.float()) for block in self.features.split(50)])
            similarity = torch.cat([network.similarity(text, image[rows]) for rows in chunks(len(self.rows))], dim=1)
        logits, hits = [], []
        for rows in chunks(len(self.rows)):
            with mixed_precision(), record_attention(network, {"text→image"}) as recording:
                logits.append(network.match(text[rows], image[rows]))
            attention = [weights.mean(dim=1) for weights in recording.of_kind("text→image")]
            hits += [self._hits(index, [layer[k] for layer in attention]) for k, index in enumerate(rows.tolist())]
            with mixed_precision():
                logits.append(network.match(text[rows], image[(rows + 1) % len(self.rows)]))
        right, wrong = torch.cat(logits[::2]), torch.cat(logits[1::2])
        labels = torch.cat([torch.ones_like(right), torch.zeros_like(wrong)]).numpy()
        scores = torch.cat([right, wrong]).numpy()
        layers = np.concatenate([h for h in hits if len(h)]).mean(axis=0)
        ranks = (similarity >= similarity.diagonal()[:, None]).sum(dim=1)
        return {
            "auc": float(roc_auc_score(labels, scores)),
            "recall@10": float((ranks <= 10).float().mean()),
            "pointing": float(layers.max()),
            "pointing small": float(np.mean(self._small(network, image.tokens))),
            **{f"pointing layer {k}": float(value) for k, value in enumerate(layers)},
        }

    def _small(self, network: FusionNetwork, patches: Tensor) -> list[bool]:
        """For each short text about a small thing, whether the first layer's strongest patch lies in its boxes.

        ``patches [photos, patches, width]`` are those of the photos as the network encodes them.
        """
        found = []
        for row, own in zip(self.small, patches.float(), strict=True):
            if not row["captions"]:
                continue
            encoded = self.tokenizer.encode_batch(row["captions"])
            ids, mask = padded(encoded)
            with record_attention(network.blocks[0], {"text→image"}) as recording:
                network.blocks[0](network.encode_text(ids, mask).tokens, own.expand(len(ids), -1, -1), mask)
            attention = recording.of_kind("text→image")[0].mean(dim=1)
            for each, phrase, weights in zip(encoded, row["phrases"], attention, strict=True):
                inside = [t for t, (a, b) in enumerate(each.offsets) if a < phrase["end"] and b > phrase["start"]]
                boxes = coverage(list(phrase["boxes"]), self.side)
                found.append(bool(boxes[int(weights[inside].mean(dim=0).argmax())] >= 0.5))
        return found

    def _hits(self, index: int, layers: list[Tensor]) -> np.ndarray:
        """For each phrase of a photo's first caption, whether each layer's strongest patch lies in its boxes."""
        offsets, rows = self.encoded[index].offsets, []
        for phrase in self.rows[index]["phrases"]:
            if phrase["caption"] == 0:
                inside = [t for t, (a, b) in enumerate(offsets) if a < phrase["end"] and b > phrase["start"] and b > a]
                boxes = coverage([tuple(box) for box in phrase["boxes"]], self.side)
                rows.append([boxes[int(layer[inside].mean(dim=0).argmax())] >= 0.5 for layer in layers])
        return np.array(rows, dtype=float).reshape(-1, len(layers))


def padded(encoded: Sequence[Encoding]) -> tuple[Tensor, Tensor]:
    """Ids and mask of encoded texts, ``[texts, T]`` each."""
    length = max(len(each.ids) for each in encoded)
    ids = [each.ids + [0] * (length - len(each.ids)) for each in encoded]
    return torch.tensor(ids), torch.tensor([[t < len(each.ids) for t in range(length)] for each in encoded])


def chunks(count: int, size: int = 50) -> list[Tensor]:
    """Row numbers 0..count-1 in blocks."""
    return list(torch.arange(count).split(size))


def join(parts: list[Encoded]) -> Encoded:
    """Blocks of one encoded side, one after the other."""
    names = ("tokens", "local", "importance", "pooled", "mask")
    return Encoded(*(torch.cat([getattr(part, name) for part in parts]) for name in names))
