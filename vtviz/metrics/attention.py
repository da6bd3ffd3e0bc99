"""Statistics of attention."""

from __future__ import annotations

import math

from torch import Tensor


def entropy(weights: Tensor) -> Tensor:
    """Entropy of each row of ``weights [..., queries, keys]`` over the log of the number of keys, ``[..., queries]``.

    1 means attention spread evenly over all keys, 0 that one key has it all. A single key gives 0.
    """
    keys = weights.shape[-1]
    rows = -(weights * weights.clamp_min(1e-12).log()).sum(dim=-1)
    return rows / math.log(keys) if keys > 1 else rows * 0.0
