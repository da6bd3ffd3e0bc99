"""Finding photos: the nearest by their vectors, then those compared exactly, then matched by the fusion model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vtviz.chinese import language_of
from vtviz.inputs import ImageInput, check_text, split_words
from vtviz.models.base import FusionModel, as_score
from vtviz.models.finite import need_numbers
from vtviz.models.registry import model_info
from vtviz.models.verdict import Verdict, names_something
from vtviz.tasks.search.entry import EVERYTHING, Filters, Near
from vtviz.tasks.search.found import Found, Hit, Matched, grouped
from vtviz.tasks.search.query import Query, Term
from vtviz.tasks.search.sides import AnyModel, Side, photos_from, side_of, text_vectors
from vtviz.tasks.search.store import Store, incomplete
from vtviz.watch import Watch

NEAREST = 200  # photos by their vectors that are compared exactly
RERANKED = 50  # of them that the fusion model looks at
BLOCK = 25  # photos that are compared or matched at a time

Features = Callable[[ImageInput], Tensor]


def find_photos(
    model: FusionModel,
    store: Store,
    query: Query,
    top: int,
    filters: Filters = EVERYTHING,
    features: Features | None = None,
    watch: Watch | None = None,
) -> Found:
    """The photos of a store that fit a query best.

    The nearest by their vectors are compared exactly. Of several terms, each is standardised over these photos, so that
    cosines of photos and similarities of texts can be added by their weights.

    Args:
        model: that of the store.
        store: where to look.
        query: what to look for.
        top: the most hits.
        filters: which photos are wanted.
        features: what the model reads of a photo, where it may be known already.
        watch: may cancel.

    Raises:
        InputError: if the query is empty, a text holds nothing to read, or files of the store are missing.
        ModelError: if a similarity is not a number.
    """
    query.check()
    side, watch = side_of(model), watch or Watch()
    terms = [replace(term, text=check_text(term.text)) if term.text else term for term in query.terms]
    own = {term.path for term in terms if term.path}
    vectors = [_vector(model, side, store, term, features or model.encode_image) for term in terms]
    searched = store.vectors.count(filters)
    if any(vector is None for vector in vectors):  # texts that no vector stands for
        anywhere = np.full(store.about.width, store.about.width**-0.5, np.float32)
        near = store.vectors.nearest(anywhere, max(searched, 1), filters, own)
    else:
        wanted = sum(term.weight * vector for term, vector in zip(terms, vectors, strict=True) if vector is not None)
        near = store.vectors.nearest(np.asarray(wanted), max(NEAREST, top), filters, own)
    scores = _scores(model, side, store, terms, vectors, near, watch) if near else np.zeros(0)
    order = np.argsort(-scores, kind="stable")
    ranked = [replace(near[int(index)], score=float(scores[index])) for index in order]
    hits = tuple(hit_of(item, also) for item, also in grouped(ranked, top))
    texts = [term.text for term in terms if term.text]
    return Found(hits, searched, unknown_words(model, texts), is_foreign(store.about.model, texts))


def match_photos(
    model: FusionModel, store: Store, sentence: str, paths: Sequence[str], features: Features | None = None
) -> Matched:
    """What the fusion model says of a text and some photos of a store.

    Raises:
        InputError: if the text holds nothing to read, or a photo is not in the store.
        ModelError: if a match is not a number.
    """
    side, sentence = side_of(model), check_text(sentence)
    near, logits = store.get(paths), list[Tensor]()
    with torch.inference_mode():
        text = side.index_texts([sentence])
        for first in range(0, len(near), BLOCK):
            block = near[first : first + BLOCK]
            if side.keeps_match:
                logits.append(side.match_indexed(text, _photos(model, side, store, block, None)))
            else:
                read = torch.cat([(features or model.encode_image)(store.read_photo(i.entry.path)) for i in block])
                logits.append(model.match_logits(read, [sentence] * len(block)))
    matches = torch.cat(logits) if logits else torch.zeros(0)
    need_numbers(matches)
    scores = as_score(matches.float(), model.score_kind).tolist()
    words = [word.text for word in split_words(sentence)]
    named = names_something(words, model.unknown_words(words))
    verdicts = tuple(verdict_of(model, score) if named else None for score in scores)
    return Matched(tuple(paths), tuple(scores), verdicts, model.score_kind)


def verdict_of(model: FusionModel, score: float) -> Verdict | None:
    """What a model says of a score, None where nothing was calibrated."""
    if model.bounds is not None:
        return model.bounds.verdict(score)
    if model.threshold is None:
        return None
    return "describes" if score >= model.threshold else "does not"


def unknown_words(model: FusionModel, texts: Sequence[str]) -> tuple[str, ...]:
    """The words of texts that a model does not know."""
    words = list(dict.fromkeys(word.text for text in texts for word in split_words(text)))
    return tuple(words[index] for index in model.unknown_words(words))


def is_foreign(name: str, texts: Sequence[str]) -> bool:
    """Whether a model, by its name, does not read the language of one of the texts."""
    about = model_info(name)
    return about is not None and any(language_of(text) not in about.languages for text in texts)


def _vector(model: FusionModel, side: Side, store: Store, term: Term, features: Features) -> np.ndarray | None:
    if term.text:
        vectors = text_vectors(side, [term.text])
        return None if vectors is None else vectors[0]
    if term.path:
        return store.get([term.path])[0].vector
    assert term.image is not None
    with torch.inference_mode():
        vector: np.ndarray = side.search_vectors(side.index_images(features(term.image)))[0].float().cpu().numpy()
    return vector


def _scores(
    model: FusionModel,
    side: Side,
    store: Store,
    terms: Sequence[Term],
    vectors: Sequence[np.ndarray | None],
    near: Sequence[Near],
    watch: Watch,
) -> np.ndarray:
    """How well each photo fits, ``[photos]``."""
    columns = np.zeros((len(terms), len(near)), np.float32)
    texts = [index for index, term in enumerate(terms) if term.text]
    if texts:
        columns[texts] = _similarities(model, side, store, [terms[index].text for index in texts], near, watch)
    own = np.stack([item.vector for item in near])
    for index, vector in enumerate(vectors):
        if index not in texts and vector is not None:
            columns[index] = own @ vector
    need_numbers(columns)
    if len(terms) > 1:
        spread = columns.std(axis=1, keepdims=True)
        columns = (columns - columns.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    scores: np.ndarray = np.asarray([term.weight for term in terms], np.float32) @ columns
    return scores


def _similarities(
    model: FusionModel, side: Side, store: Store, texts: list[str], near: Sequence[Near], watch: Watch
) -> np.ndarray:
    """The model's own similarity of texts with photos, ``[texts, photos]``."""
    blocks = []
    with torch.inference_mode():
        indexed = side.index_texts(texts)
        for first in range(0, len(near), BLOCK):
            photos = _photos(model, side, store, near[first : first + BLOCK], side.compared)
            blocks.append(side.similarity(indexed, photos).float().cpu().numpy())
            watch.check(pause=isinstance(side, AnyModel))
    return np.concatenate(blocks, axis=1)


def _photos(model: FusionModel, side: Side, store: Store, near: Sequence[Near], names: frozenset[str] | None) -> Any:
    """Photos of a store ready to be compared, with these of their parts (all)."""
    try:
        parts = {} if names == frozenset() else store.kept.read([item.entry.sha256 for item in near], names)
    except OSError as error:
        raise incomplete(store.address) from error
    return photos_from(side, model, np.stack([item.vector for item in near]), parts)


def hit_of(item: Near, also: tuple[str, ...]) -> Hit:
    """A photo that was found, with those that it stands for."""
    entry = item.entry
    return Hit(entry.path, entry.sha256, entry.width, entry.height, entry.taken, item.score, also=also)
