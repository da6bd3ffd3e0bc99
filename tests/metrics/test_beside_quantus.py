"""Metrics beside the figures that Quantus 0.6.0 (Hedström et al., JMLR 2023) gives for the same numbers; it was asked
once, and is not needed to run this.

Its classes were called without normalisation and with their other defaults: Sparseness, RelevanceRankAccuracy, AUC,
the objectives of RelativeInputStability, RelativeOutputStability and RelativeRepresentationStability, NonSensitivity
(one feature at a time, black), and ``noisy_linear_imputation`` (ROAD) without noise. Of completeness it says only
whether it holds, so that is tested against the formula.
"""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from vtviz.metrics.attention import sparseness
from vtviz.metrics.axioms import non_sensitivity
from vtviz.metrics.localisation import area_under_curve, relevance_rank_accuracy
from vtviz.metrics.road import imputed
from vtviz.metrics.stability import LEAST, relative_change

MAP = np.array(
    [
        [0.698, 0.314, 0.121, 0.324],
        [0.931, 0.79, 0.01, 0.199],
        [0.293, 0.943, 0.403, 0.182],
        [0.86, 0.907, 0.302, 0.355],
    ]
)
OTHER = np.array(
    [
        [0.754, 0.268, 0.789, 0.451],
        [0.647, 0.895, 0.029, 0.345],
        [0.77, 0.601, 0.111, 0.89],
        [0.97, 0.014, 0.436, 0.349],
    ]
)
COVERED = np.zeros((4, 4))
COVERED[1:3, :3] = 1
PHOTO = np.array(
    [
        [
            [0.9, 0.041, 0.855, 0.223],
            [0.089, 0.465, 0.294, 0.559],
            [0.005, 0.995, 0.403, 0.647],
            [0.311, 0.793, 0.839, 0.95],
        ],
        [
            [0.623, 0.178, 0.14, 0.056],
            [0.646, 0.92, 0.02, 0.445],
            [0.906, 0.786, 0.095, 0.543],
            [0.991, 0.392, 0.684, 0.292],
        ],
        [
            [0.455, 0.053, 0.611, 0.738],
            [0.413, 0.135, 0.622, 0.761],
            [0.556, 0.606, 0.724, 0.227],
            [0.663, 0.518, 0.569, 0.518],
        ],
    ]
)
NOISY = np.array(
    [
        [
            [0.908, 0.03, 0.872, 0.223],
            [0.099, 0.479, 0.275, 0.578],
            [-0.015, 1.001, 0.394, 0.654],
            [0.33, 0.781, 0.859, 0.961],
        ],
        [
            [0.618, 0.192, 0.128, 0.056],
            [0.644, 0.909, 0.039, 0.454],
            [0.922, 0.784, 0.105, 0.545],
            [1.003, 0.394, 0.676, 0.281],
        ],
        [
            [0.443, 0.058, 0.593, 0.74],
            [0.402, 0.133, 0.629, 0.774],
            [0.537, 0.61, 0.727, 0.221],
            [0.675, 0.522, 0.585, 0.498],
        ],
    ]
)


def test_sparseness() -> None:
    assert sparseness(MAP) == pytest.approx(0.3620118475866148, abs=1e-6)  # Quantus adds 1e-7 to every size


def test_rank_accuracy_and_area_under_the_curve() -> None:
    assert relevance_rank_accuracy(MAP, COVERED) == pytest.approx(0.5, abs=1e-9)
    assert area_under_curve(MAP, COVERED) == pytest.approx(0.6333333333333333, abs=1e-9)


def test_relative_stability() -> None:
    above, below = relative_change(MAP, OTHER), relative_change(PHOTO, NOISY)
    assert above / max(below, LEAST) == pytest.approx(1.7889171959589287, abs=1e-6)  # of input and of representation
    assert above / max(abs(1.25 - 1.5), LEAST) == pytest.approx(29.540736117943666, abs=1e-6)


def test_non_sensitivity() -> None:
    weights, marked = np.zeros(16), np.zeros(16)
    weights[[0, 3, 5, 6, 10]] = 1.0, -2.0, 0.5, 3.0, 1.0
    marked[[0, 3, 4, 6]] = 0.4, 0.2, 0.9, 1.0
    photo = 1.0 - np.eye(16)[15]
    masked = SimpleNamespace(patches=16, without_patches=lambda kept: (kept * photo) @ weights)
    subject = SimpleNamespace(masked=masked, patch_scores=marked)
    assert non_sensitivity(cast(Any, subject)) * 16 == pytest.approx(3)


def test_imputation_of_road() -> None:
    values = np.array(
        [
            [
                [0.891, 0.362, 0.7, 0.012],
                [0.696, 0.03, 0.214, 0.399],
                [0.446, 0.047, 0.424, 0.701],
                [0.961, 0.845, 0.983, 0.969],
                [0.864, 0.241, 0.551, 0.771],
            ],
            [
                [0.547, 0.832, 0.189, 0.562],
                [0.094, 0.499, 0.705, 0.957],
                [0.079, 0.014, 0.601, 0.784],
                [0.754, 0.996, 0.272, 0.379],
                [0.041, 0.392, 0.129, 0.965],
            ],
        ]
    )
    holes = [0, 1, 5, 6, 7, 10, 19]
    shown = ~np.isin(np.arange(20), holes).reshape(5, 4)
    expected = [
        [0.621164396, 0.604845292, 0.504131396, 0.492170754, 0.464090221, 0.60238026, 0.8046],
        [0.14437856, 0.180607389, 0.172678024, 0.338745942, 0.495442869, 0.405051065, 0.2576],
    ]
    np.testing.assert_allclose(imputed(values, shown).reshape(2, 20)[:, holes], expected, atol=1e-6)
