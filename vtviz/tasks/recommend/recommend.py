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
    if {term.identity for term in likes} & {term.identity for term in dislikes}:
        raise InputError("A photo is both liked and disliked; decide.")
    good, bad = (_vectors(model, store, terms, features or model.encode_image) for terms in (likes, dislikes))
    judged = {term.path for term in (*likes, *dislikes) if term.path}
    near = store.vectors.recommend(good, bad, max(NEAREST, top), filters, judged)
    hits = tuple(hit_of(item, also) for item, also in grouped(near, top))
    return Found(hits, store.vectors.count(filters))


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
