"""Do the relevances add up to what happens when patches are taken away, and do they stay put under small noise?"""

from __future__ import annotations

import numpy as np
import torch
from captum.metrics import infidelity, sensitivity_max
from torch import Tensor

from vtviz.inputs import ImageInput
from vtviz.metrics.base import SIGNED, Metric, Subject, Work

SHARES = (0.1, 0.3, 0.5)
SUBSETS = 16
NOISE = 0.02  # of the range of pixel values
DRAWS = 3


def sensitivity_n(subject: Subject) -> float:
    """Pearson correlation of the relevance in random sets of n patches with the drop of the answer without them.

    The mean over n = 10, 30 and 50 % of the patches, 16 sets each. NaN where either does not vary.
    """
    rng = np.random.default_rng(subject.seed)
    patches = subject.masked.patches
    whole = float(subject.masked.without_patches(np.ones((1, patches), dtype=bool))[0])
    correlations = []
    for share in SHARES:
        kept = np.ones((SUBSETS, patches), dtype=bool)
        for row in kept:
            row[rng.choice(patches, max(1, round(share * patches)), replace=False)] = False
        drops = whole - subject.masked.without_patches(kept)
        sums = (~kept) @ subject.patch_scores
        if np.ptp(drops) == 0 or np.ptp(sums) == 0:
            return float("nan")
        correlations.append(np.corrcoef(sums, drops)[0, 1])
    return float(np.mean(correlations))


def infidelity_of(subject: Subject) -> float:
    """Mean squared gap between the relevance in random sets of patches and the drop without them.

    Captum's infidelity, normalised: relevances are scaled by the factor that fits best, as maps have no unit.
    """
    generator = torch.Generator().manual_seed(subject.seed)

    def take_away(inputs: Tensor) -> tuple[Tensor, Tensor]:
        removed = (
            torch.rand(inputs.shape, generator=generator) < torch.rand(len(inputs), 1, generator=generator)
        ).float()
        return removed, inputs - removed

    def answer(kept: Tensor) -> Tensor:
        return torch.from_numpy(subject.masked.without_patches(kept.numpy() > 0.5))

    scores = torch.from_numpy(np.ascontiguousarray(subject.patch_scores, dtype=np.float64))[None]
    value = infidelity(
        answer, take_away, torch.ones_like(scores), scores, n_perturb_samples=2 * SUBSETS, normalize=True
    )
    return float(value)


def max_sensitivity(subject: Subject) -> float:
    """The largest relative change of the map under image noise of at most 2 % of the range, over 3 draws (Captum)."""
    assert subject.explain is not None
    explain, text = subject.explain, subject.case.tokens[0].text
    generator = torch.Generator().manual_seed(subject.seed)

    def disturb(inputs: Tensor | tuple[Tensor, ...], radius: float) -> Tensor:
        pixels = _single(inputs)
        return pixels + (2 * torch.rand(pixels.shape, generator=generator) - 1) * radius

    def maps(inputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor]:
        with torch.enable_grad():  # Captum takes them from methods that need some
            images = [explain(from_unit(values), text).image for values in _single(inputs).numpy()]
        return (torch.from_numpy(np.stack(images)).float(),)  # of a bare tensor Captum would take each row for a map

    pixels = torch.from_numpy(subject.image.pixels.astype(np.float32) / 255)[None]
    return float(sensitivity_max(maps, pixels, disturb, NOISE, DRAWS, max_examples_per_batch=1))


def _single(inputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Captum hands one input over as it is or as a tuple of one."""
    return inputs if isinstance(inputs, Tensor) else inputs[0]


def from_unit(pixels: np.ndarray) -> ImageInput:
    """A photo from values ``[height, width, 3]`` in 0..1."""
    return ImageInput((pixels.clip(0.0, 1.0) * 255).round().astype(np.uint8), "")


METRICS = (
    Metric(
        "sensitivity_n",
        "Sensitivity-n",
        "faithfulness",
        "higher",
        "Ancona et al., ICLR 2018",
        f"{len(SHARES) * SUBSETS} F",
        sensitivity_n,
        frozenset({"patches"}),
        work=lambda size: Work(once=len(SHARES) * SUBSETS),
        span=SIGNED,
    ),
    Metric(
        "infidelity",
        "Infidelity",
        "faithfulness",
        "lower",
        "Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019",
        f"{2 * SUBSETS} F",
        infidelity_of,
        frozenset({"patches"}),
        work=lambda size: Work(once=2 * SUBSETS),
        span=None,
    ),
    Metric(
        "max_sensitivity",
        "Max-sensitivity",
        "stability",
        "lower",
        "Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019",
        f"{DRAWS + 1} E",
        max_sensitivity,
        frozenset({"patches", "explain"}),
        work=lambda size: Work(explanations=DRAWS + 1),
        span=None,
    ),
)
