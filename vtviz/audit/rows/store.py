"""The records of an audit on disk, ``rows.parquet``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from vtviz.jobs.parts import PartStore

KEY = ("model", "row", "method")
WHOLE = "rows.parquet"


EXTRAS = ("wrong_scores", "agreement", "choices")  # lists of numbers that only some audits have


def schema_of(metrics: Sequence[str], extras: Sequence[str] = ()) -> pa.Schema:
    """The columns of ``rows.parquet``, with those of ``EXTRAS`` that the audit has."""
    text = [(name, pa.string()) for name in ("model", "method", "image", "text", "group", "status", "reason")]
    fixed = [("row", pa.int32()), *text, ("image_sha256", pa.string()), ("score", pa.float64())]
    lists = (("notes", pa.list_(pa.string())), ("attention_entropy", pa.list_(pa.list_(pa.float64()))))
    more = [(name, pa.list_(pa.float64())) for name in EXTRAS if name in extras]
    return pa.schema([*fixed, *lists, *more, *((name, pa.float64()) for name in metrics)])


class RowStore(PartStore):
    """The records in a folder.

    Args:
        folder: where they lie; made by whoever runs the audit.
        metrics: the names of the measures, which are columns.
        extras: those of ``EXTRAS`` that the audit has.
    """

    def __init__(self, folder: Path, metrics: Sequence[str], extras: Sequence[str] = ()) -> None:
        super().__init__(folder, WHOLE, schema_of(metrics, extras), KEY)

    def done(self) -> dict[tuple[str, int], str]:
        """The models and rows that were measured and are on disk, and the sha256 of the photo that each was measured
        on. Rows that failed are not done.

        Raises:
            InputError: if a file is damaged.
        """
        result: dict[tuple[str, int], str] = {}
        for model, row, status, sha256 in self.read(["model", "row", "status", "image_sha256"]):
            result.pop((model, row), None)
            if status == "ok":
                result[model, row] = sha256
        return result
