"""Vectors on a Qdrant server or cluster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException

from vtviz.inputs import InputError
from vtviz.tasks.search.entry import EVERYTHING, Entry, Filters, Near, entry_from
from vtviz.tasks.search.vectors import PAGE, point_id

KEYS = {
    "folders": models.PayloadSchemaType.KEYWORD,
    "taken": models.PayloadSchemaType.FLOAT,
    "side": models.PayloadSchemaType.INTEGER,
}
TIMEOUT = 60  # seconds
Value = TypeVar("Value")


class ServerVectors:
    """Vectors of a width in a collection of a server, which many may use at once. ``VTVIZ_QDRANT_KEY`` is its key.

    Raises:
        InputError: if the server does not answer, or the collection holds something else.
    """

    def __init__(self, url: str, collection: str, width: int, key: str | None = None) -> None:
        self._url, self._name, self._client = url, collection, _client(url, key)
        if not self._asked(lambda: self._client.collection_exists(collection)):
            vectors = models.VectorParams(size=width, distance=models.Distance.COSINE)
            self._asked(lambda: self._client.create_collection(collection, vectors_config=vectors))
            for name, kind in KEYS.items():
                self._asked(partial(self._client.create_payload_index, collection, name, kind))
        own = self._asked(lambda: self._client.get_collection(collection)).config.params.vectors
        if not isinstance(own, models.VectorParams) or own.size != width:
            raise InputError(
                "The collection {collection} holds vectors of another model; name another collection.",
                collection=collection,
            )

    def count(self, filters: Filters = EVERYTHING) -> int:
        return self._asked(lambda: self._client.count(self._name, count_filter=_filter(filters, ()))).count

    def entries(self) -> Iterator[Entry]:
        offset: Any = None
        while True:
            records, offset = self._asked(
                partial(self._client.scroll, self._name, limit=PAGE, offset=offset, with_payload=True)
            )
            yield from (entry_from(record.payload or {}) for record in records)
            if offset is None:
                return

    def put(self, entries: Sequence[Entry], vectors: np.ndarray) -> None:
        points = [
            models.PointStruct(id=point_id(entry.path), vector=vector.tolist(), payload=entry.payload())
            for entry, vector in zip(entries, vectors, strict=True)
        ]
        for first in range(0, len(points), PAGE):
            part = points[first : first + PAGE]
            self._asked(partial(self._client.upsert, self._name, part, wait=True))

    def remove(self, paths: Collection[str]) -> None:
        if paths:
            ids: list[Any] = [point_id(path) for path in paths]
            self._asked(lambda: self._client.delete(self._name, models.PointIdsList(points=ids), wait=True))

    def get(self, paths: Sequence[str]) -> list[Near]:
        ids = [point_id(path) for path in paths]
        records = self._asked(lambda: self._client.retrieve(self._name, ids, with_payload=True, with_vectors=True))
        return [_near(record, 1.0) for record in records]

    def nearest(
        self, vector: np.ndarray, limit: int, filters: Filters = EVERYTHING, without: Collection[str] = ()
    ) -> list[Near]:
        return self._query(vector.tolist(), limit, filters, without)

    def recommend(
        self,
        likes: np.ndarray,
        dislikes: np.ndarray,
        limit: int,
        filters: Filters = EVERYTHING,
        without: Collection[str] = (),
    ) -> list[Near]:
        examples = models.RecommendInput(
            positive=likes.tolist(), negative=dislikes.tolist(), strategy=models.RecommendStrategy.BEST_SCORE
        )
        return self._query(models.RecommendQuery(recommend=examples), limit, filters, without)

    def tidy(self) -> None:
        """Nothing: a server does so by itself."""

    def close(self) -> None:
        self._client.close()

    def _query(self, query: Any, limit: int, filters: Filters, without: Collection[str]) -> list[Near]:
        wanted = _filter(filters, without)
        points = self._asked(
            lambda: self._client.query_points(
                self._name, query=query, limit=limit, query_filter=wanted, with_payload=True, with_vectors=True
            )
        ).points
        return [_near(point, point.score) for point in points]

    def _asked(self, ask: Callable[[], Value]) -> Value:
        return _asked(self._url, ask)


def remove_collection(url: str, collection: str, key: str | None = None) -> None:
    """Deletes a collection, if there is one. Raises InputError where the server does not answer."""
    client = _client(url, key)
    _asked(url, lambda: client.delete_collection(collection))
    client.close()


def _client(url: str, key: str | None) -> QdrantClient:
    return QdrantClient(url=url, api_key=key, timeout=TIMEOUT, check_compatibility=False)


def _asked(url: str, ask: Callable[[], Value]) -> Value:
    try:
        return ask()
    except (ApiException, QdrantException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError("The Qdrant server {url} cannot be used: {reason}.", url=url, reason=reason) from error


def _near(point: Any, score: float) -> Near:
    return Near(entry_from(point.payload), float(score), np.asarray(point.vector, np.float32))


def _filter(filters: Filters, without: Collection[str]) -> models.Filter | None:
    must: list[Any] = [
        models.FieldCondition(key=key, range=models.Range(**bounds)) for key, bounds in filters.ranges().items()
    ]
    if filters.inner_folder:
        must.append(models.FieldCondition(key="folders", match=models.MatchValue(value=filters.inner_folder)))
    ids: list[Any] = [point_id(path) for path in without]
    excluded: list[Any] = [models.HasIdCondition(has_id=ids)] if ids else []
    return models.Filter(must=must or None, must_not=excluded or None) if must or excluded else None
