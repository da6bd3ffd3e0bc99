"""These tests make remote engines themselves."""

from collections.abc import Iterator

import pytest

from vtviz.engine import local
from vtviz.engine.local import LocalEngine
from vtviz.models.vtviz_base.model import VtvizBase


@pytest.fixture
def tiny_engine(tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEngine]:
    """An engine of this process, whose only model is the small one."""
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    engine = LocalEngine("cpu")
    yield engine
    engine.close()
