"""The file of weights."""

from pathlib import Path

import torch

from vtviz.models.vtviz_base.weights import TABLE, load_weights, save_weights


def test_what_is_loaded_is_what_was_saved_to_the_precision_of_its_format(tmp_path: Path) -> None:
    made = torch.Generator().manual_seed(0)
    state = {
        TABLE: torch.randn(50, 12, generator=made) * torch.rand(50, 1, generator=made),
        "other": torch.randn(7, 5, generator=made),
        "whole": torch.tensor([3, 70000], dtype=torch.int32),
    }
    save_weights(state, tmp_path / "w")
    loaded = load_weights((tmp_path / "w").read_bytes())
    assert loaded.keys() == state.keys() and loaded["whole"].tolist() == [3, 70000]
    torch.testing.assert_close(loaded["other"], state["other"], atol=1e-3, rtol=1e-3)
    step = state[TABLE].abs().amax(dim=1, keepdim=True) / 127
    assert ((loaded[TABLE] - state[TABLE]).abs() <= 0.55 * step + 1e-3 * state[TABLE].abs()).all()
