"""What stands in for patches."""

import pytest
import torch
from torchvision.transforms.functional import gaussian_blur

from vtviz.attribution.masked import filled


@pytest.mark.parametrize("size", [(64, 64), (40, 60), (12, 90)])
def test_the_blur_is_a_bell_in_two_dimensions(size: tuple[int, int]) -> None:
    """As torchvision computes it, at once: 0.08 of the longer side, as far as the reflected edges reach."""
    pixels = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    sigma = 0.08 * max(size)
    side = 2 * min(round(3 * sigma), min(size) - 1) + 1
    torch.testing.assert_close(
        filled(pixels, "blur"), gaussian_blur(pixels, [side, side], [sigma, sigma]), atol=2e-6, rtol=0
    )


def test_the_other_fills_are_one_colour() -> None:
    pixels = torch.rand(1, 3, 8, 8)
    assert not filled(pixels, "zero").any()
    mean = filled(pixels, "mean")
    for channel in range(3):
        torch.testing.assert_close(mean[0, channel], torch.full((8, 8), float(pixels[0, channel].double().mean())))
