"""The records of a job on disk: small Parquet files while it runs, one whole file once it is done.

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

PARTS = "parts"
GROUP = 4096  # records in memory while the parts are joined


class PartStore:
    """The records in a folder.

    Args:
        folder: where they lie; made by whoever runs the job.
        name: of the whole file.
        schema: its columns.
        key: the columns that tell one record from another.
    """

    def __init__(self, folder: Path, name: str, schema: pa.Schema, key: Sequence[str]) -> None:
        self.folder, self.schema, self.whole = folder, schema, folder / name
        self._key = list(key)
        self._parts = folder / PARTS
        self._open: list[dict[str, Any]] = []

    def read(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """These columns of every record on disk, in the order in which they were written.

        Raises:
            InputError: if a file is damaged.
        """
        for file in self._files():
            table = _read(file, [*columns])
            yield from zip(*(column.to_pylist() for column in table.columns), strict=True)

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
        """Makes the whole file of the parts, and removes the parts."""
        self.flush()
        files = self._files()
        if files == [self.whole]:
            return
        _write(self.whole, self._once(files), self.schema)
        shutil.rmtree(self._parts)

    def clear(self) -> None:
        """Throws all records away."""
        self._open = []
        self.whole.unlink(missing_ok=True)
        shutil.rmtree(self._parts, ignore_errors=True)

    def _files(self) -> list[Path]:
        whole = [self.whole] if self.whole.is_file() else []
        return whole + sorted(self._parts.glob("*.parquet"))

    def _once(self, files: list[Path]) -> Iterator[pa.Table]:
        """The newest record of each key: one that failed may have been measured again, and a kill may have left some
        in the whole file and in a part."""
        newest = {key: number for number, file in enumerate(files) for key in self._keys(_read(file, self._key))}
        for number, file in enumerate(files):
            with damage_told(file):
                batches = pq.ParquetFile(file).iter_batches(GROUP)
            while True:
                with damage_told(file):
                    batch = next(batches, None)
                    table = None if batch is None else pa.Table.from_batches([batch], self.schema)
                if table is None:
                    break
                yield table.filter(pa.array([newest[key] == number for key in self._keys(table)]))

    def _keys(self, table: pa.Table) -> list[tuple[Any, ...]]:
        return list(zip(*(table[name].to_pylist() for name in self._key), strict=True))


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Says of a file of records that it is damaged, whatever Parquet's reader raises. Raises InputError where it is."""
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


def _write(path: Path, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Writes a Parquet file that is there whole or not at all."""
    new = path.with_suffix(".new")
    with pq.ParquetWriter(new, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)
    with new.open("rb+") as file:  # or a power cut could leave an empty file under the new name
        os.fsync(file.fileno())
    os.replace(new, path)
