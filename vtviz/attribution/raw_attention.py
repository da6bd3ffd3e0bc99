"""Raw attention of the words to the patches: what the model looked at, which need not be what moved its answer."""

from __future__ import annotations

from torch import Tensor

from vtviz.attribution.base import Relevance, from_rows


def raw_attention(
    attention: Tensor, grid: tuple[int, int], text_offset: int, pieces: int, head: int | None
) -> Relevance:
    """Relevance from the text→image attention of one layer, ``attention [heads, text, patches]``.

    Args:
        attention: recorded weights, special tokens included.
        grid: rows and columns of patches.
        text_offset: position of the first piece in the text axis.
        pieces: number of pieces.
        head: one head, or None for the mean of all.

    A token's score is how far its attention is from being spread evenly: 1 − entropy / log(patches).
    """
    rows = (attention.mean(dim=0) if head is None else attention[head])[text_offset : text_offset + pieces]
    entropy = -(rows * rows.clamp_min(1e-12).log()).sum(dim=-1)
    even = Tensor([rows.shape[-1]]).log()
    return from_rows(rows, (1.0 - entropy / even).clamp_min(0.0), grid)
