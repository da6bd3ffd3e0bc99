"""The audit log of decisions: one JSON object a line, only ever added to. It holds no photo and no text."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from vtviz.files import make_folder
from vtviz.inputs import InputError
from vtviz.tasks.policy.check import Ruling
from vtviz.tasks.policy.policy import Policy

FILE = "policy-log.jsonl"


def log_ruling(path: Path, policy: Policy, photo_sha256: str, text: str, ruling: Ruling) -> None:
    """Adds a decision to a log. Several programs may add to the same one.

    Raises:
        InputError: if it cannot be written, so that no decision goes unnoted.
    """
    fired = ruling.fired
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "photo_sha256": photo_sha256,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest() if text else None,
        "policy": policy.name,
        "policy_sha256": policy.sha256,
        "rule": fired.rule if fired else None,
        "score": round(fired.score, 6) if fired and fired.score is not None else None,
        "action": ruling.action,
        "weights_sha256": ruling.weights_sha256,
    }
    written = (json.dumps(line, ensure_ascii=False) + "\n").encode()
    make_folder(path.parent)
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(file).st_size
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"  # by a program that was killed
            os.write(file, b"\n" * torn + written)
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        raise InputError(
            "The decision cannot be added to {path}: {reason}.", path=str(path), reason=error.strerror or str(error)
        ) from error
