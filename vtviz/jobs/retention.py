"""How long what people made is kept: what is older is deleted while the server runs."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from vtviz.jobs.history import DAY, UPLOADS, History

EVERY = 3600.0  # seconds between two looks


def expire(folder: Path, days: float) -> None:
    """Deletes the jobs of every kind in a person's folder that were set up longer ago and are not on their way, with
    their files, and uploads of that age that no job reads.

    Raises:
        InputError: if a list of jobs cannot be used.
    """
    histories = [History(folder, file.stem) for file in sorted(folder.glob("*.sqlite")) if file.stem.isidentifier()]
    for history in histories:
        history.expire(days)
    read = {history.upload_of(entry) for history in histories for entry in history.all()}
    for place in (folder / UPLOADS).glob("*"):
        if place not in read and place.stat().st_mtime < time.time() - days * DAY:
            shutil.rmtree(place, ignore_errors=True)


def keep_expiring(folders: Callable[[], Iterable[Path]], days: float) -> None:
    """Does so for every folder now and every hour, in a thread that ends with the process."""

    def run() -> None:
        while True:
            for folder in folders():
                try:
                    expire(folder, days)
                except Exception:  # the next folder, and the next hour, may go well
                    logging.getLogger("vtviz").exception("What is old could not be deleted")
            time.sleep(EVERY)

    threading.Thread(target=run, name="vtviz-retention", daemon=True).start()
