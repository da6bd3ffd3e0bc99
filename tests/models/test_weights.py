"""The file of weights."""

from pathlib import Path

import torch

from vtviz.models.vtviz_base.text import VOCABULARY, WIDTH, WordTable
from vtviz.models.vtviz_base.weights import SCALES, TABLE, load_weights, save_weights


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


def test_every_table_of_words_is_kept_as_integers(tmp_path: Path) -> None:
    made = torch.Generator().manual_seed(0)
    state = {table: torch.randn(20, 8, generator=made) for table in SCALES}
    save_weights(state, tmp_path / "w")
    assert (tmp_path / "w").stat().st_size < 2 * 20 * (8 + 2) + 700  # a byte a value, two a scale, and the names
    loaded = load_weights((tmp_path / "w").read_bytes())
    assert loaded.keys() == state.keys() and len(state) == 2
    for table, rows in state.items():
        torch.testing.assert_close(loaded[table], rows, atol=0.02, rtol=0)


def test_grown_pieces_have_the_ids_after_those_of_the_vocabulary() -> None:
    table = WordTable(3)
    assert table.grown is not None
    with torch.no_grad():
        table.grown.copy_(torch.arange(3.0)[:, None].expand(3, WIDTH))
    ids = torch.tensor([[7, VOCABULARY + 2, VOCABULARY - 1, VOCABULARY]])
    found = table(ids)[0]
    torch.testing.assert_close(found[[0, 2]], table.weight[[7, VOCABULARY - 1]])
    assert found[1].unique().tolist() == [2.0] and found[3].unique().tolist() == [0.0]
    assert WordTable(0).grown is None
