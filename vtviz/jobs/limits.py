"""What one person may have on a server that several use."""

from __future__ import annotations

import math
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from vtviz.inputs import InputError
from vtviz.jobs.history import UPLOADS, bytes_in

HOUR = 3600.0  # seconds
KEEP = "VTVIZ_KEEP_DAYS"  # after which what people made is deleted; without it, it stays
LIMITS = {"jobs": "VTVIZ_JOBS", "megabytes": "VTVIZ_MEGABYTES", "uploads": "VTVIZ_UPLOADS"}


@dataclass(frozen=True)
class Limits:
    """How many jobs of one kind a person may have on their way, the size of all their files in MB, and how often they
    may upload in an hour."""

    jobs: int = 3
    megabytes: int = 2048
    uploads: int = 60


def given_limits() -> Limits:
    """The limits that whoever runs this server gave in the environment. Raises InputError where one is no number."""
    said = {name: _number(variable) for name, variable in LIMITS.items() if os.environ.get(variable)}
    return Limits(**{name: int(number) for name, number in said.items()})


def days_kept() -> float | None:
    """After how many days what people made is deleted; None where it stays. Raises InputError where that is no
    number."""
    return _number(KEEP) if os.environ.get(KEEP) else None


def _number(variable: str) -> float:
    """The number in a variable of the environment."""
    try:
        number = float(os.environ[variable])
    except ValueError:
        number = math.nan
    if not 0 <= number < 1e9:
        raise InputError("{variable} must be a number from 0; ask whoever runs this server.", variable=variable)
    return number


def need_space(folder: Path, limits: Limits, more: int = 0) -> None:
    """Raises InputError where the files of a person, and ``more`` bytes, would be larger than they may be."""
    if bytes_in(folder) + more >= limits.megabytes * 2**20:
        raise InputError(
            "Your files have reached {limit} MB, which is all you may keep here; delete something first.",
            limit=limits.megabytes,
        )


class UploadRoom:
    """The uploads of a person on disk, each in a folder of its own.

    Args:
        folder: all files of that person.
        limits: what they may have; None where all is theirs.
    """

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.folder, self.limits, self._lock = folder, limits, threading.Lock()
        self._coming = 0  # bytes of uploads that are being written
        self._times = [place.stat().st_mtime for place in (folder / UPLOADS).glob("*")]  # those before a restart

    @contextmanager
    def take(self, size: int) -> Iterator[Path]:
        """A new folder for an upload of so many bytes, all unpacked, which whoever fills it makes; it is gone again
        where what is done with it fails.

        Raises:
            InputError: if the person uploaded too often of late, or their files are too large.
        """
        self._need(size)
        place = self.folder / UPLOADS / uuid4().hex[:12]
        try:
            yield place
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        finally:
            with self._lock:
                self._coming -= size

    def _need(self, size: int) -> None:
        with self._lock:
            if self.limits is not None:
                need_space(self.folder, self.limits, self._coming + size)
                self._times = [at for at in self._times if time.time() - at < HOUR]
                if len(self._times) >= self.limits.uploads:
                    raise InputError(
                        "You have uploaded {limit} times in the last hour; wait a while.", limit=self.limits.uploads
                    )
                self._times.append(time.time())
            self._coming += size
