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
from contextlib import suppress
from pathlib import Path
from typing import Any

from vtviz.errors import UserError
from vtviz.watch import Cancelled, Progress, Watch

EVERY = 0.5  # seconds between two lines about the same stage
ENOUGH = "enough"
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
    from vtviz.training.recurrent.train import RecurrentConfig, train

    settings = {**asked["settings"], "losses": tuple(asked["settings"]["losses"])}
    settings["cache"] = Path(settings["cache"]) if settings.get("cache") else None
    config = RecurrentConfig(**settings, output=Path(asked["folder"]), resume=True, enough=talk.enough.is_set)
    try:
        train(config, Watch(talk.tell, talk.gone.is_set))
    except Cancelled:
        return PAUSED
    except UserError as error:
        say({"error": str(error)})
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
