"""More like these: photos near to what somebody likes, and not to what they dislike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from vtviz.inputs import InputError
from vtviz.models.base import FusionModel
from vtviz.tasks.search.entry import EVERYTHING, Filters
from vtviz.tasks.search.find import Features, hit_of
from vtviz.tasks.search.found import Found, grouped
from vtviz.tasks.search.query import Term
from vtviz.tasks.search.sides import side_of
from vtviz.tasks.search.store import Store

NEAREST = 200  # photos among which nearly equal ones are grouped
MOST = 200  # photos that may be liked or disliked


def recommend_photos(
    model: FusionModel,
    store: Store,
    likes: Sequence[Term],
    dislikes: Sequence[Term],
    top: int,
    filters: Filters = EVERYTHING,
    features: Features | None = None,
) -> Found:
    """The photos of a store that are nearest to any of ``likes``; those nearer to one of ``dislikes`` come last.

    Photos that were judged are left out. The score is Qdrant's "best score": above 0.5 nearer to a like than to any
    dislike, 0.75 at most; below that the other way round.

    Raises:
        InputError: if nothing is liked, too much is judged, or a photo is both liked and disliked.
    """
    if not likes:
        raise InputError("Nothing is liked yet; like at least one photo.")
    if len(likes) + len(dislikes) > MOST:
        raise InputError("More than {most} photos are liked or disliked; remove some.", most=MOST)
    liked, disliked = (_contents(store, terms) for terms in (likes, dislikes))
    if liked & disliked:
        raise InputError("A photo is both liked and disliked; decide.")
    good, bad = (_vectors(model, store, terms, features or model.encode_image) for terms in (likes, dislikes))
    judged = {term.path for term in (*likes, *dislikes) if term.path}
    near = store.vectors.recommend(good, bad, max(NEAREST, top + len(liked | disliked)), filters, judged)
    others = [item for item in near if item.entry.sha256 not in liked | disliked]  # files may be photos of the store
    hits = tuple(hit_of(item, also) for item, also in grouped(others, top))
    return Found(hits, store.vectors.count(filters))


def _contents(store: Store, terms: Sequence[Term]) -> set[str]:
    """The sha256 of photos. Raises InputError where one is not in the store."""
    inside = store.get([term.path for term in terms if term.path])
    return {near.entry.sha256 for near in inside} | {term.image.sha256 for term in terms if term.image}


def _vectors(model: FusionModel, store: Store, terms: Sequence[Term], features: Features) -> np.ndarray:
    """The vectors ``[terms, width]`` of photos, each in the store or given."""
    side, paths = side_of(model), [term.path for term in terms if term.path]
    known = {near.entry.path: near.vector for near in store.get(paths)} if paths else {}
    vectors = []
    for term in terms:
        if term.image is None:
            vectors.append(known[term.path])
            continue
        with torch.inference_mode():
            indexed = side.index_images(features(term.image))
            vectors.append(side.search_vectors(indexed)[0].float().cpu().numpy())
    return np.stack(vectors) if vectors else np.zeros((0, store.about.width), np.float32)
