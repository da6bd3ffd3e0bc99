"""An engine of the small network."""

from collections.abc import Iterator

import pytest

from vtviz.engine import local
from vtviz.engine.local import LocalEngine
from vtviz.models.vtviz_base.model import VtvizBase


@pytest.fixture
def own(tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEngine]:
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    engine = LocalEngine("cpu")
    yield engine
    engine.close()
