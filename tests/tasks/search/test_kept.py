"""Parts in eight bits."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vtviz.tasks.search.kept import STEPS, KeptParts, from_eight_bits, in_eight_bits


def test_eight_bits_are_off_by_half_a_step_at_most() -> None:
    torch.manual_seed(0)
    parts = {"local": torch.randn(3, 5, 16), "importance": torch.rand(3, 5)}
    parts["local"][0, 0] = 0.0
    kept = in_eight_bits(parts)
    assert kept["local"].dtype == np.int8 and kept["local.scale"].shape == (3, 5)
    again = from_eight_bits({name: torch.from_numpy(value) for name, value in kept.items()})
    step = parts["local"].abs().amax(dim=-1, keepdim=True) / STEPS
    assert bool(((again["local"] - parts["local"]).abs() <= 0.57 * step + 1e-6).all())  # the scale is rounded too
    torch.testing.assert_close(again["importance"], parts["importance"], atol=1e-3, rtol=0)


def test_parts_come_back_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    store = KeptParts(tmp_path)
    rows = in_eight_bits({"local": torch.randn(2, 3, 4), "tokens": torch.randn(2, 3, 4)})
    names = ["aa" + "0" * 62, "bb" + "0" * 62]
    for index, name in enumerate(names):
        store.write(name, {key: value[index] for key, value in rows.items()}, b"jpeg")
    read = store.read([names[1], names[0]], {"local"})
    assert list(read) == ["local"] and read["local"].shape == (2, 3, 4)
    expected = rows["local"][1].astype(np.float32) * rows["local.scale"][1][:, None].astype(np.float32)
    np.testing.assert_allclose(read["local"][0], expected, rtol=1e-6)
    assert store.has(names[0]) and store.thumbnail(names[0]) == b"jpeg"
    store.remove(names[:1])
    assert not store.has(names[0]) and store.has(names[1])
    with pytest.raises(OSError, match=r"No such file|damaged"):
        store.read(names)
