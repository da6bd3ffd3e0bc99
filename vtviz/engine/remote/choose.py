"""Which engine answers: the one in this process, or the one that ``VTVIZ_ENGINE`` names."""

from __future__ import annotations

import os

from vtviz.engine.engine import Engine
from vtviz.engine.local import KEPT_MODELS, LocalEngine
from vtviz.engine.remote.client import RemoteEngine

ADDRESS, TOKEN = "VTVIZ_ENGINE", "VTVIZ_ENGINE_TOKEN"
_given: list[Engine] = []


def give_engine(engine: Engine) -> None:
    """From now on ``shared_engine`` gives this one: a server shares it with its pages."""
    _given[:] = [engine]


def shared_engine() -> Engine:
    """The engine that was given, or one as ``open_engine`` opens it."""
    return _given[0] if _given else open_engine()


def open_engine(device: str = "auto", models: int = KEPT_MODELS) -> Engine:
    """An engine, to be closed after use. ``device`` and ``models`` are those of LocalEngine; an engine elsewhere has
    its own.

    Raises:
        InputError: if the address is none, or there is no such device.
    """
    address = os.environ.get(ADDRESS, "").strip()
    if address:
        return RemoteEngine(address, os.environ.get(TOKEN, "").strip())
    return LocalEngine(device, models)
