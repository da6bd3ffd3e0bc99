"""The files of a report: read again, and in one archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from vtviz.files import REPORT_BYTES, read_bytes
from vtviz.inputs import InputError


@contextmanager
def damage_told(folder: Path) -> Iterator[None]:
    """Says that the report of a folder is damaged, whatever is missing or odd in it. Raises InputError where it is."""
    try:
        yield
    except InputError:
        raise
    except (OSError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise InputError(
            "The report in {folder} is incomplete or damaged; run the audit again.", folder=folder.name
        ) from error


def stored_report(folder: Path) -> dict[str, Any]:
    """``report.json`` of a folder. Raises InputError where it is damaged."""
    with damage_told(folder):
        report: dict[str, Any] = orjson.loads(read_bytes(folder / "report.json", REPORT_BYTES))
        return {**report}


def archive(folder: Path) -> bytes:
    """The files of an audit as a zip file. Raises InputError where one is missing."""
    buffer = io.BytesIO()
    with damage_told(folder), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive_file:
        for name in ("report.html", "report.json", "rows.parquet"):
            archive_file.write(folder / name, name)
    return buffer.getvalue()
