"""Zip files that are equal to the last byte where their parts are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from vtviz.files import address, read_bytes, reason
from vtviz.inputs import InputError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file knows
MOST_BYTES = 2**30  # of a bundle
UNIX, READABLE, TEXT_IN_UTF8 = 3, 0o100644 << 16, 0x800


def pack(parts: Mapping[str, bytes]) -> bytes:
    """The parts as a zip file in their order, stored as they are: what compresses them differs between machines."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, READABLE
            packed.writestr(entry, data)
    return buffer.getvalue()


def unpack(path: Path) -> tuple[bytes, dict[str, bytes]]:
    """The bytes of a zip file and its parts in their order; none where it is damaged.

    Raises:
        InputError: if the file cannot be read, or is too large.
    """
    try:
        data = read_bytes(path, MOST_BYTES)
    except (OSError, ValueError) as error:
        raise InputError(
            "The bundle {path} cannot be read: {reason}.", path=address(path) or path, reason=reason(error, path)
        ) from error
    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                return data, {}
            for entry in entries:
                parts[entry.filename] = packed.read(entry)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError, KeyError):
        return data, {}
    except Exception:  # of a compression that nobody asked for
        return data, {}
    return data, parts
