"""The records of an audit on disk: small Parquet files while it runs, one ``rows.parquet`` once it is done.

A file appears under its name only when it is whole, so a kill at any point loses at most the records not yet flushed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vtviz.inputs import InputError

KEY = ("model", "row", "method")
PARTS, WHOLE = "parts", "rows.parquet"
GROUP = 4096  # records in memory while the parts are joined


def schema_of(metrics: Sequence[str]) -> pa.Schema:
    """The columns of ``rows.parquet``."""
    text = [(name, pa.string()) for name in ("model", "method", "image", "text", "group", "status", "reason")]
    fixed = [("row", pa.int32()), *text, ("image_sha256", pa.string()), ("score", pa.float64())]
    lists = (("notes", pa.list_(pa.string())), ("attention_entropy", pa.list_(pa.list_(pa.float64()))))
    return pa.schema([*fixed, *lists, *((name, pa.float64()) for name in metrics)])


class RowStore:
    """The records in a folder.

    Args:
        folder: where they lie; made by whoever runs the audit.
        metrics: the names of the measures, which are columns.
    """

    def __init__(self, folder: Path, metrics: Sequence[str]) -> None:
        self.folder, self.schema = folder, schema_of(metrics)
        self._parts = folder / PARTS
        self._open: list[dict[str, Any]] = []

    @property
    def whole(self) -> Path:
        """The file with all records."""
        return self.folder / WHOLE

    def done(self) -> dict[tuple[str, int], str]:
        """The models and rows that were measured and are on disk, and the sha256 of the photo that each was measured
        on. Rows that failed are not done.

        Raises:
            InputError: if a file is damaged.
        """
        result: dict[tuple[str, int], str] = {}
        for file in self._files():
            table = _read(file, ["model", "row", "status", "image_sha256"])
            for model, row, status, sha256 in zip(*(column.to_pylist() for column in table.columns), strict=True):
                result.pop((model, row), None)
                if status == "ok":
                    result[model, row] = sha256
        return result

    def add(self, records: Sequence[dict[str, Any]]) -> None:
        """Takes records, which are lost by a kill before the next ``flush``."""
        self._open += [{name: _writable(value) for name, value in record.items()} for record in records]

    def flush(self) -> None:
        """Writes the records taken so far."""
        if not self._open:
            return
        self._parts.mkdir(parents=True, exist_ok=True)
        numbers = [int(file.stem) for file in self._parts.glob("*.parquet") if file.stem.isdecimal()]
        number = max(numbers, default=-1) + 1  # a part may have been removed
        _write(self._parts / f"{number:06d}.parquet", [pa.Table.from_pylist(self._open, self.schema)], self.schema)
        self._open = []

    def join(self) -> None:
        """Makes ``rows.parquet`` of the parts, and removes the parts."""
        self.flush()
        files = self._files()
        if files == [self.whole]:
            return
        _write(self.whole, self._once(files), self.schema)
        shutil.rmtree(self._parts)

    def _files(self) -> list[Path]:
        whole = [self.whole] if self.whole.is_file() else []
        return whole + sorted(self._parts.glob("*.parquet"))

    def _once(self, files: list[Path]) -> Iterator[pa.Table]:
        """The newest record of each row: one that failed may have been measured again, and a kill may have left some
        in the whole file and in a part."""
        newest = {key: number for number, file in enumerate(files) for key in _keys(_read(file, [*KEY]))}
        for number, file in enumerate(files):
            with damage_told(file):
                batches = pq.ParquetFile(file).iter_batches(GROUP)
            while True:
                with damage_told(file):
                    batch = next(batches, None)
                    table = None if batch is None else pa.Table.from_batches([batch], self.schema)
                if table is None:
                    break
                yield table.filter(pa.array([newest[key] == number for key in _keys(table)]))


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Says of a file of rows that it is damaged, whatever Parquet's reader raises. Raises InputError where it is."""
    try:
        yield
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            "The file {file} is damaged; remove it, and the rows that it held are measured again.", file=str(path)
        ) from error


def _read(path: Path, columns: list[str]) -> pa.Table:
    with damage_told(path):
        return pq.read_table(path, columns=columns)


def _writable(value: Any) -> Any:
    """A value that a file can hold: names of files may have bytes that are no text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _keys(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in KEY), strict=True))


def _write(path: Path, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Writes a Parquet file that is there whole or not at all."""
    new = path.with_suffix(".new")
    with pq.ParquetWriter(new, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)
    with new.open("rb+") as file:  # or a power cut could leave an empty file under the new name
        os.fsync(file.fileno())
    os.replace(new, path)
