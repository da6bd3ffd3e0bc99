"""Which patches resemble each other, in one photo or between two."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.models.base import FusionModel
from vtviz.models.encoders import TokenLevelModel
from vtviz.models.finite import need_numbers


@torch.inference_mode()
def patch_likeness(model: FusionModel, features: Tensor, others: Tensor) -> np.ndarray:
    """The cosine of the vectors of every two patches of two photos, ``[patches, patches]``, of which ``features`` and
    ``others [1, patches, channels]`` are known.

    The vectors are those that the model compares with words, or what it keeps of a photo where it compares none.

    Raises:
        ModelError: if a cosine is not a number.
    """
    vectors = model.patch_vectors if isinstance(model, TokenLevelModel) else lambda kept: kept
    one, other = (F.normalize(vectors(kept)[0].float(), dim=-1) for kept in (features, others))
    cosines = (one @ other.T).cpu().numpy()
    need_numbers(cosines)
    return cosines
