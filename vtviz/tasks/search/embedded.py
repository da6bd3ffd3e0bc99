"""Vectors in a folder: Qdrant's own engine inside this process."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qdrant

from vtviz.files import make_folder
from vtviz.inputs import InputError
from vtviz.tasks.search.entry import EVERYTHING, Entry, Filters, Near, entry_from
from vtviz.tasks.search.vectors import PAGE, point_id

CONFIG = "edge_config.json"
KEYS = {
    "folders": qdrant.PayloadSchemaType.Keyword,
    "taken": qdrant.PayloadSchemaType.Float,
    "side": qdrant.PayloadSchemaType.Integer,
}


class EmbeddedVectors:
    """Vectors of a width in a folder, which one process at a time may use; its threads take turns.

    Raises:
        InputError: if another process uses the folder, or it cannot be read.
    """

    def __init__(self, folder: Path, width: int) -> None:
        self._lock = threading.Lock()
        make_folder(folder)
        try:
            if (folder / CONFIG).exists():
                self._shard = qdrant.EdgeShard.load(str(folder))
            else:
                vectors = qdrant.EdgeVectorParams(size=width, distance=qdrant.Distance.Cosine)
                exact = qdrant.EdgeOptimizersConfig(indexing_threshold=0)  # every vector is looked at: no graph
                config = qdrant.EdgeConfig(vectors=vectors, optimizers=exact)
                self._shard = qdrant.EdgeShard.create(str(folder), config)
                for name, kind in KEYS.items():
                    self._shard.update(qdrant.UpdateOperation.create_field_index(name, kind))
        except Exception as error:  # it raises nothing narrower
            if "WouldBlock" in str(error):
                raise InputError(
                    "Another program is using the store {folder}; wait until it is done, or keep the store on a Qdrant "
                    "server.",
                    folder=folder.parent,
                ) from error
            raise InputError(
                "The store {folder} is damaged: {reason}; delete it and index the photos again.",
                folder=folder.parent,
                reason=str(error),
            ) from error

    def count(self, filters: Filters = EVERYTHING) -> int:
        with self._lock:
            return int(self._shard.count(qdrant.CountRequest(filter=_filter(filters, ()))))

    def entries(self) -> Iterator[Entry]:
        offset = None
        while True:
            with self._lock:
                request = qdrant.ScrollRequest(limit=PAGE, offset=offset, with_payload=True, with_vector=False)
                records, offset = self._shard.scroll(request)
            yield from (entry_from(record.payload or {}) for record in records)
            if offset is None:
                return

    def put(self, entries: Sequence[Entry], vectors: np.ndarray) -> None:
        points = [
            qdrant.Point(point_id(entry.path), vector.tolist(), entry.payload())
            for entry, vector in zip(entries, vectors, strict=True)
        ]
        with self._lock:
            for first in range(0, len(points), PAGE):
                self._shard.update(qdrant.UpdateOperation.upsert_points(points[first : first + PAGE]))

    def remove(self, paths: Collection[str]) -> None:
        if paths:
            with self._lock:
                self._shard.update(qdrant.UpdateOperation.delete_points([point_id(path) for path in paths]))

    def get(self, paths: Sequence[str]) -> list[Near]:
        with self._lock:
            records = self._shard.retrieve([point_id(path) for path in paths], True, True)
        return [_near(record, 1.0) for record in records]

    def nearest(
        self, vector: np.ndarray, limit: int, filters: Filters = EVERYTHING, without: Collection[str] = ()
    ) -> list[Near]:
        return self._query(qdrant.Query.Nearest(vector.tolist()), limit, filters, without)

    def recommend(
        self,
        likes: np.ndarray,
        dislikes: np.ndarray,
        limit: int,
        filters: Filters = EVERYTHING,
        without: Collection[str] = (),
    ) -> list[Near]:
        examples = qdrant.RecommendQuery(likes.tolist(), dislikes.tolist())
        return self._query(qdrant.Query.RecommendBestScore(examples), limit, filters, without)

    def tidy(self) -> None:
        with self._lock:
            self._shard.optimize()

    def close(self) -> None:
        with self._lock:
            self._shard.close()

    def _query(self, query: Any, limit: int, filters: Filters, without: Collection[str]) -> list[Near]:
        request = qdrant.QueryRequest(
            limit=limit, query=query, filter=_filter(filters, without), with_payload=True, with_vector=True
        )
        with self._lock:
            points = self._shard.query(request)
        return [_near(point, point.score) for point in points]


def _near(point: Any, score: float) -> Near:
    return Near(entry_from(point.payload), float(score), np.asarray(point.vector, np.float32))


def _filter(filters: Filters, without: Collection[str]) -> Any:
    must: list[Any] = [
        qdrant.FieldCondition(key=key, range=qdrant.RangeFloat(**bounds)) for key, bounds in filters.ranges().items()
    ]
    if filters.inner_folder:
        must.append(qdrant.FieldCondition(key="folders", match=qdrant.MatchValue(filters.inner_folder)))
    excluded: list[Any] | None = [qdrant.HasIdCondition({point_id(path) for path in without})] if without else None
    return qdrant.Filter(must=must or None, must_not=excluded) if must or excluded else None
