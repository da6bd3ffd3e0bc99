"""Which process a job runs in, so that others can tell whether that is still at work: it holds a lock until it ends.

Process ids come again, in a container with every start; a lock that its process no longer holds is free.
"""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

LOCKS = "alive"


@cache
def this_process(folder: Path) -> str:
    """The name of this process among those that use a folder. Raises OSError where the folder cannot be used."""
    name = secrets.token_hex(8)
    _locks.append(_lock(folder, name))
    _locks[-1].acquire()
    return name


def is_alive(folder: Path, name: str) -> bool:
    """Whether the process of this name still runs."""
    lock = _lock(folder, name)
    if not Path(lock.lock_file).is_file():
        return False
    try:
        with lock.acquire(timeout=0):
            pass
    except Timeout:
        return True
    Path(lock.lock_file).unlink(missing_ok=True)
    return False


_locks: list[FileLock] = []  # held until the process ends


def _lock(folder: Path, name: str) -> FileLock:
    (folder / LOCKS).mkdir(parents=True, exist_ok=True)
    return FileLock(folder / LOCKS / f"{name}.lock", is_singleton=False)
