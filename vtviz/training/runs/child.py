"""The process of one training: ``python -m vtviz.training.runs.child``.

It reads one line of JSON, the settings and the folder, from its standard input, and trains on, or begins; on its
standard output it says in lines of JSON how far it is. The line ``enough`` ends the training early and keeps its best
weights. Where the input ends, as when the server is killed, it saves a checkpoint and ends.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from vtviz.errors import UserError
from vtviz.inputs import InputError
from vtviz.machine import choose_device
from vtviz.models.recurrent.model import NAME as RECURRENT
from vtviz.watch import Cancelled, Progress, Watch

EVERY = 0.5  # seconds between two lines about the same stage
ENOUGH = "enough"
PATHS = ("cache", "data_zh", "names")  # settings that are paths, but for the data, which may be a name
PAUSED, REFUSED = 3, 2  # what it exits with where it was stopped, and where the input cannot be used


class Talk:
    """What goes through standard input and output."""

    def __init__(self) -> None:
        self.gone, self.enough = threading.Event(), threading.Event()
        self._said, self._at = "", 0.0

    def listen(self) -> None:
        """Waits for words, until there are no more."""
        for line in sys.stdin:
            if line.strip() == ENOUGH:
                self.enough.set()
        self.gone.set()

    def tell(self, now: Progress) -> None:
        """How far the training is, not too often."""
        if now.stage != self._said or now.done == now.total or time.monotonic() - self._at > EVERY:
            self._said, self._at = now.stage, time.monotonic()
            say({"stage": now.stage, "done": now.done, "total": now.total, "left": now.seconds_left})


def say(words: dict[str, Any]) -> None:
    """Writes one line."""
    with suppress(BrokenPipeError):  # a killed server does not listen
        print(json.dumps(words), flush=True)


def main() -> int:
    """Trains; what the process exits with."""
    asked = json.loads(sys.stdin.readline())
    talk = Talk()
    threading.Thread(target=talk.listen, daemon=True).start()
    try:
        train(asked["settings"], Path(asked["folder"]), talk.enough.is_set, Watch(talk.tell, talk.gone.is_set))
    except Cancelled:
        return PAUSED
    except UserError as error:
        say({"error": str(error)})
        return REFUSED
    return 0


def train(settings: dict[str, Any], folder: Path, enough: Callable[[], bool], watch: Watch) -> None:
    """Trains the network that the settings name, on the best device that there is, or goes on with it.

    Raises:
        InputError: if the data cannot be used, or a package is missing.
    """
    chosen = {name: value for name, value in settings.items() if name != "network"}
    chosen |= {name: Path(chosen[name]) for name in PATHS if chosen.get(name)}
    chosen |= {"output": folder, "resume": True, "enough": enough, "device": str(choose_device("auto"))}
    if settings.get("network", RECURRENT) == RECURRENT:
        from vtviz.training.recurrent.train import RecurrentConfig
        from vtviz.training.recurrent.train import train as train_recurrent

        train_recurrent(RecurrentConfig(**{**chosen, "losses": tuple(chosen["losses"])}), watch)
        return
    try:
        from vtviz.training.vtviz_base.train import TrainConfig
        from vtviz.training.vtviz_base.train import train as train_base

        train_base(TrainConfig(**{"data_zh": None, "names": None, **chosen, "data": Path(chosen["data"])}), watch)
    except ModuleNotFoundError as error:
        raise InputError(
            "Training needs {package}; install requirements-train.txt first.", package=error.name
        ) from error
    except FileNotFoundError as error:
        raise InputError("The training data lacks {file}.", file=error.filename) from error


if __name__ == "__main__":
    sys.exit(main())
