"""TOML files that people write for an audit."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtviz.files import address, read_bytes, reason
from vtviz.inputs import InputError

MOST_BYTES = 2**20


@dataclass(frozen=True)
class Written:
    """A file as it was written: its bytes are kept, so that it can be signed together with the report."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def read_toml(path: Path) -> tuple[dict[str, Any], Written]:
    """What a TOML file says, and its bytes.

    Raises:
        InputError: if it cannot be read, or is not TOML; it names the place.
    """
    try:
        data = read_bytes(path, MOST_BYTES)
        return tomllib.loads(data.decode("utf-8-sig")), Written(path.name, data)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            "The file {file} is not valid TOML: {reason}.", file=path.name, reason=str(error).rstrip(".")
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(
            "The file {path} cannot be read: {reason}.", path=address(path) or path, reason=reason(error, path)
        ) from error
