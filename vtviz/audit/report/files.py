"""The files of a report in one archive."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path


def archive(folder: Path) -> bytes:
    """The files of an audit as a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive_file:
        for name in ("report.html", "report.json", "rows.parquet"):
            archive_file.write(folder / name, name)
    return buffer.getvalue()
