"""bfloat16 only where the CPU has instructions for it."""

import torch

from vtviz.training.precision import FAST_BFLOAT16, mixed_precision


def test_matrix_products_have_the_precision_that_is_fast_here() -> None:
    with mixed_precision():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype is (torch.bfloat16 if FAST_BFLOAT16 else torch.float32)
