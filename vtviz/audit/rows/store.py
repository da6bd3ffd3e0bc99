"""The records of an audit on disk, ``rows.parquet``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from vtviz.jobs.parts import PartStore

KEY = ("model", "row", "method")
WHOLE = "rows.parquet"


def schema_of(metrics: Sequence[str], wrong_texts: bool = False) -> pa.Schema:
    """The columns of ``rows.parquet``; ``wrong_scores`` only where texts of other rows are scored too."""
    text = [(name, pa.string()) for name in ("model", "method", "image", "text", "group", "status", "reason")]
    fixed = [("row", pa.int32()), *text, ("image_sha256", pa.string()), ("score", pa.float64())]
    lists = (("notes", pa.list_(pa.string())), ("attention_entropy", pa.list_(pa.list_(pa.float64()))))
    wrong = [("wrong_scores", pa.list_(pa.float64()))] if wrong_texts else []
    return pa.schema([*fixed, *lists, *wrong, *((name, pa.float64()) for name in metrics)])


class RowStore(PartStore):
    """The records in a folder.

    Args:
        folder: where they lie; made by whoever runs the audit.
        metrics: the names of the measures, which are columns.
        wrong_texts: whether texts of other rows are scored too.
    """

    def __init__(self, folder: Path, metrics: Sequence[str], wrong_texts: bool = False) -> None:
        super().__init__(folder, WHOLE, schema_of(metrics, wrong_texts), KEY)

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
