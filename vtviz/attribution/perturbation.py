"""Changed photos, batched to the device's memory, and what the model makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psutil
import torch
from torch import Tensor

from vtviz.attribution.case import Case
from vtviz.models.base import EncodedText, FusionModel
from vtviz.watch import Watch

LARGEST = {"cpu": 4, "cuda": 256}  # more photos at a time are no faster, and longer to wait for when cancelled
ACTIVATIONS = 60  # times the pixels: what a photo takes while it is encoded, by measurement on the largest backbone


def blank(pixels: Tensor) -> Tensor:
    """A photo of the mean colour of ``pixels [1, 3, height, width]``: what a covered patch shows."""
    return pixels.mean(dim=(2, 3), keepdim=True).expand_as(pixels)


def batch_size(pixels: Tensor) -> int:
    """Photos like ``pixels [1, 3, height, width]`` that a quarter of the device's free memory holds."""
    device = pixels.device
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    photo_bytes = ACTIVATIONS * pixels[0].numel() * pixels.element_size()
    return max(1, min(LARGEST.get(device.type, 16), free // 4 // photo_bytes))


def batches(total: int, size: int) -> Iterator[slice]:
    """Slices of at most ``size``, of about equal length, that cover ``total``."""
    parts = -(-total // size)
    for part in range(parts):
        yield slice(total * part // parts, total * (part + 1) // parts)


def in_batches(compute: Callable[[slice], Tensor], total: int, size: int) -> Iterator[Tensor]:
    """``compute`` over slices that cover ``total``, in order; the slices are halved where memory runs out."""
    done = 0
    while done < total:
        part = slice(done, min(done + size, total))
        try:
            values = compute(part)
        except torch.OutOfMemoryError:
            if size == 1:
                raise
            torch.cuda.empty_cache()
            size //= 2
            continue
        yield values
        done = part.stop


def encode(model: FusionModel, pixels: Tensor) -> Tensor:
    """Features of many photos, ``[n, patches, channels]``; in bfloat16 on a GPU."""
    with torch.inference_mode(), torch.autocast(pixels.device.type, torch.bfloat16, enabled=pixels.is_cuda):
        return model.encode_pixels(pixels).float()


@torch.inference_mode()
def score(case: Case, features: Tensor, text: EncodedText) -> Tensor:
    """The target for photos and texts, ``[n]``, on the CPU."""
    return case.score(features, text).float().cpu()


def to_pixels(shown: Tensor, pixels: Tensor) -> Tensor:
    """Patch masks ``[n, h, w]`` as masks of pixels ``[n, 1, height, width]``."""
    size = (int(pixels.shape[2]), int(pixels.shape[3]))
    return torch.nn.functional.interpolate(shown[:, None].to(pixels), size=size, mode="nearest")


def cover(pixels: Tensor, shown: Tensor) -> Tensor:
    """Photos ``[n, 3, height, width]`` with the mean colour where masks ``shown [n, 1, height, width]`` are 0."""
    fill = pixels.mean(dim=(2, 3), keepdim=True)
    return fill + (pixels - fill) * shown


def masked_scores(case: Case, masks: Callable[[slice], Tensor], total: int, watch: Watch) -> Tensor:
    """The target of each text with ``total`` covered photos, ``[texts, total]``; each photo is encoded once.

    Args:
        case: the photo and the texts.
        masks: the masks of a slice, ``[n, 1, height, width]``, 1 where the photo is shown.
        total: number of masks.
        watch: hears of every batch.
    """
    pixels, texts = case.pixels, [case.text_of(index) for index in range(len(case.tokens))]

    def run(part: slice) -> Tensor:
        features = encode(case.model, cover(pixels, masks(part).to(pixels)))
        return torch.stack([score(case, features, text) for text in texts])

    watch.step(0, total)
    parts = []
    for values in in_batches(run, total, batch_size(pixels)):
        parts.append(values)
        watch.advance(values.shape[1])
    return torch.cat(parts, dim=1)
