"""Colours for relevance."""

from __future__ import annotations

from functools import cache

import numpy as np
from plotly.colors import sample_colorscale, unlabel_rgb


@cache
def colour_map(name: str = "Cividis") -> np.ndarray:
    """256 colours ``[256, 3]`` uint8 from low to high. Cividis reads the same with colour vision deficiency
    (Nuñez et al., PLOS ONE 2018)."""
    sampled = sample_colorscale(name, [step / 255 for step in range(256)])
    return np.array([unlabel_rgb(colour) for colour in sampled]).round().astype(np.uint8)
