"""A model whose answer is not a number has no answer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from vtviz.models.base import ModelError


def need_numbers(values: Tensor | np.ndarray) -> None:
    """Refuses a model's answers where one is NaN or infinite: every comparison with such a value is false, so it would
    pass for "no match", or for the best of all ranks.

    Raises:
        ModelError: if there is one.
    """
    good = torch.isfinite(values).cpu().numpy() if isinstance(values, Tensor) else np.isfinite(values)
    if not good.all():
        raise ModelError(
            "The model answers with something that is not a number ({count} of {total} values); its weights may be "
            "damaged.",
            count=int((~good).sum()),
            total=good.size,
        )


def need_finite(network: nn.Module) -> None:
    """Refuses weights of which one is NaN or infinite. Raises ValueError where there is one."""
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(f"{name} is not finite")
