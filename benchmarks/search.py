"""What search costs: an index, queries, reranking, and the store itself on generated vectors.

    python -m benchmarks.search photos FOLDER STORE [--queries 200]
    python -m benchmarks.search vectors 100000 [--width 512] [--local]
    python -m benchmarks.search recall FOLDER STORE CAPTIONS [--limit 200]

``photos`` indexes a folder, twice, and searches it; the last queries are timed apart from the first, because a search
that grows slower shows there. ``vectors`` fills an embedded store, or with ``--local`` one of qdrant-client's own local
mode, in plain Python (at most 7,000 vectors: it takes minutes for these). ``recall`` says how many of the best ten of
an exact search over all photos the first stage keeps, for the captions of a split (``NAME.jsonl``), and where their
photos rank.
Each prints one JSON object.
"""

from __future__ import annotations

import itertools
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
import typer
from qdrant_client import QdrantClient, models

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.model import LoadModel
from vtviz.engine.requests.tasks.search import EncodePhotos, MatchPhotos, SearchPhotos
from vtviz.evaluation.split import read_rows
from vtviz.models.registry import DEFAULT_MODEL, load_model
from vtviz.tasks.search.embedded import EmbeddedVectors
from vtviz.tasks.search.entry import Entry, Filters
from vtviz.tasks.search.find import NEAREST, RERANKED, match_photos
from vtviz.tasks.search.index import Indexed, index_folder
from vtviz.tasks.search.query import text_query
from vtviz.tasks.search.server import ServerVectors
from vtviz.tasks.search.sides import photos_from, side_of, text_vectors
from vtviz.tasks.search.store import close_store, open_store
from vtviz.vocabulary import everyday_nouns, with_article

app = typer.Typer(rich_markup_mode=None)
BLOCK = 500  # points, or photos, at a time
MOST_LOCAL = 7_000  # vectors


def memory_mb() -> float:
    """What this process holds in memory."""
    return psutil.Process().memory_info().rss / 2**20


def timed_ms(calls: Sequence[Callable[[], object]]) -> dict[str, float]:
    """Median and 95th percentile of calls, and the median of the first and last tenth."""
    spent = []
    for call in calls:
        began = time.perf_counter()
        call()
        spent.append((time.perf_counter() - began) * 1000)
    tenth = max(1, len(spent) // 10)
    return {
        "median": round(statistics.median(spent), 1),
        "p95": round(float(np.percentile(spent, 95)), 1),
        "first_tenth": round(statistics.median(spent[:tenth]), 1),
        "last_tenth": round(statistics.median(spent[-tenth:]), 1),
    }


@app.command()
def photos(folder: Path, store: str, queries: int = 200) -> None:
    """Index, index again, search and rerank."""
    with closing(LocalEngine("cpu", models=1)) as engine:
        weights = engine.ask(LoadModel(DEFAULT_MODEL)).weights_sha256
        loaded = memory_mb()

        def index() -> Indexed:
            return index_folder(
                folder, store, DEFAULT_MODEL, weights, lambda images: engine.ask(EncodePhotos(tuple(images)))
            )

        first, again, after = index(), index(), memory_mb()
        pairs = itertools.islice(itertools.permutations(everyday_nouns(), 2), queries)
        texts = [f"{with_article(one)} and {with_article(other)}" for one, other in pairs]
        search = timed_ms([lambda text=text: engine.ask(SearchPhotos(store, text_query(text), 10)) for text in texts])
        paths = [engine.ask(SearchPhotos(store, text_query(text), RERANKED)) for text in texts[:20]]
        looked = [tuple(hit.photo for hit in found.hits) for found in paths]
        rerank = timed_ms(
            [lambda t=t, p=p: engine.ask(MatchPhotos(store, t, p)) for t, p in zip(texts, looked, strict=False)]
        )
        size = sum(path.stat().st_size for path in Path(store).rglob("*") if path.is_file()) / 2**20
    result = {
        "photos": first.total,
        "index_s": round(first.seconds, 1),
        "unchanged_s": round(again.seconds, 2),
        "search_ms": search,
        "rerank_ms": rerank,
        "memory_above_model_mb": {"index": round(after - loaded), "search": round(memory_mb() - loaded)},
        "store_mb": round(size),
    }
    close_store(store)
    print(json.dumps(result, indent=2))


class LocalVectors(ServerVectors):
    """The same code as for a server, on the local mode of qdrant-client in a folder."""

    def __init__(self, folder: Path, width: int) -> None:
        self._url, self._name = str(folder), "vectors"
        self._client = QdrantClient(path=str(folder))
        if not self._client.collection_exists(self._name):
            about = models.VectorParams(size=width, distance=models.Distance.COSINE)
            self._client.create_collection(self._name, vectors_config=about)


@app.command()
def vectors(count: int, width: int = 512, queries: int = 20, local: bool = False) -> None:
    """A store of generated vectors in a folder: writing, opening, searching, filtering, listing."""
    make = LocalVectors if local else EmbeddedVectors
    if local and count > MOST_LOCAL:
        raise typer.BadParameter(f"the local mode is measured with at most {MOST_LOCAL} vectors")
    folder, rng = Path(tempfile.mkdtemp()) / "vectors", np.random.default_rng(0)
    before, began = memory_mb(), time.perf_counter()
    store = make(folder, width)
    for first in range(0, count, BLOCK):
        numbers = range(first, min(first + BLOCK, count))
        rows = rng.standard_normal((len(numbers), width)).astype(np.float32)
        entries = [Entry(f"{n % 50}/{n}.jpg", n, n, f"{n:064x}", 640, 480, 86400.0 * n, "0" * 16) for n in numbers]
        store.put(entries, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    written = time.perf_counter() - began
    store.close()
    began = time.perf_counter()
    store = make(folder, width)
    opened = time.perf_counter() - began
    queried = rng.standard_normal((queries, width)).astype(np.float32)
    plain = timed_ms([lambda q=q: store.nearest(q, NEAREST) for q in queried])
    filtered = timed_ms([lambda q=q: store.nearest(q, NEAREST, Filters("7")) for q in queried])
    began = time.perf_counter()
    listed = sum(1 for _ in store.entries())
    result: dict[str, Any] = {
        "vectors": listed,
        "width": width,
        "write_s": round(written, 1),
        "open_s": round(opened, 2),
        "nearest_ms": plain,
        "filtered_ms": filtered,
        "list_s": round(time.perf_counter() - began, 1),
        "memory_mb": round(memory_mb() - before),
        "disk_mb": round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20),
    }
    store.close()
    shutil.rmtree(folder.parent)
    print(json.dumps(result, indent=2))


@app.command()
def recall(store: str, captions: Path, limit: int = 200) -> None:
    """The first stage against the exact order, and where a caption's own photo ranks."""
    model = load_model(DEFAULT_MODEL)
    side, opened = side_of(model), open_store(store)
    rows = read_rows(captions)[:limit]
    texts = [row["captions"][index % len(row["captions"])] for index, row in enumerate(rows)]
    everything = opened.vectors.nearest(np.ones(opened.about.width, np.float32), opened.vectors.count())
    exact = []
    with torch.inference_mode():
        indexed = side.index_texts(texts)
        for first in range(0, len(everything), 50):
            near = everything[first : first + 50]
            parts = opened.kept.read([item.entry.sha256 for item in near], side.compared)
            kept = photos_from(side, model, np.stack([item.vector for item in near]), parts)
            exact.append(side.similarity(indexed, kept).float().cpu().numpy())
    similar, paths = np.concatenate(exact, axis=1), [item.entry.path for item in everything]
    best = [{paths[int(i)] for i in row[:10]} for row in np.argsort(-similar, axis=1)]
    wanted = text_vectors(side, texts)
    assert wanted is not None
    kept_best: dict[int, list[float]] = {50: [], 100: [], NEAREST: []}
    ranks: dict[str, list[int]] = {"similarity": [], "match": []}
    for number, row in enumerate(rows):
        near_paths = [item.entry.path for item in opened.vectors.nearest(wanted[number], NEAREST)]
        for count, shares in kept_best.items():
            shares.append(len(best[number] & set(near_paths[:count])) / 10)
        order = [paths[int(i)] for i in np.argsort(-similar[number])]
        looked = order[:RERANKED]
        scores = match_photos(model, opened, texts[number], looked).scores
        again = [looked[int(i)] for i in np.argsort(-np.asarray(scores))] + order[RERANKED:]
        for name, own in (("similarity", order), ("match", again)):
            ranks[name].append(next((r for r, path in enumerate(own) if path.endswith(row["image"])), len(own)))
    result = {
        "photos": len(paths),
        "queries": len(texts),
        "recall@10_of_first": {str(count): round(float(np.mean(own)), 4) for count, own in kept_best.items()},
        "own_photo": {
            name: {f"recall@{k}": round(float(np.mean(np.asarray(own) < k)), 4) for k in (1, 5, 10)}
            for name, own in ranks.items()
        },
    }
    close_store(store)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    app()
