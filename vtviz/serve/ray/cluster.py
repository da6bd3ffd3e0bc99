"""The way to a Ray cluster, or to one that is started on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vtviz.inputs import InputError

LOCAL = "local"  # in place of an address: a cluster of this machine, which ends with the work


def need_ray() -> Any:
    """The module ``ray``. Raises InputError where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "Ray is not installed; install it from vtviz's folder with `pip install '.[cluster]'`."
        ) from error
    return ray


@contextmanager
def cluster(address: str = LOCAL) -> Iterator[Any]:
    """The module ``ray``, connected to the cluster at an address (``auto`` finds one that runs on this machine), until
    the ``with`` ends.

    Raises:
        InputError: if Ray is not installed, or there is no cluster at this address.
    """
    ray = need_ray()
    options: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {"address": address}
    try:
        ray.init(log_to_driver=False, logging_level="error", **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError("There is no Ray cluster at {address}: {reason}.", address=address, reason=error) from error
    try:
        yield ray
    finally:
        ray.shutdown()
