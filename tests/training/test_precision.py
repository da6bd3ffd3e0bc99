"""The precision of matrix products in training."""

import pytest
import torch

from vtviz.training import precision


@pytest.mark.parametrize(("is_fast", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_matrix_products_are_bfloat16_only_where_that_is_fast(
    monkeypatch: pytest.MonkeyPatch, is_fast: bool, expected: torch.dtype
) -> None:
    monkeypatch.setattr(precision, "FAST_BFLOAT16", is_fast)
    with precision.mixed_precision():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype is expected
