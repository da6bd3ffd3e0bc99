"""Photos of a folder: encoded for an index, found, and matched with a text.

``store`` is an address in the engine's own process. ``revision`` is that of the store (``Store.revision``), so that
what was found before an index is not taken for what would be found after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from vtviz.engine.engine import Workbench
from vtviz.inputs import ImageInput
from vtviz.models.base import FusionModel
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.tasks.search.entry import EVERYTHING, Filters
from vtviz.tasks.search.find import find_photos, match_photos
from vtviz.tasks.search.found import Found, Matched
from vtviz.tasks.search.query import Query
from vtviz.tasks.search.sentences import Fitting, best_sentences
from vtviz.tasks.search.sides import PASS, TOGETHER, Embedded, EncodedPhotos, embedded, encode_photos, joined, parted
from vtviz.tasks.search.store import open_store
from vtviz.watch import Watch


@dataclass(frozen=True)
class EncodePhotos:
    """Photos as a store keeps them: a part of an index."""

    images: tuple[ImageInput, ...]
    model: str = DEFAULT_MODEL
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> EncodedPhotos:
        """Raises ModelError where a vector is not a number."""
        blocks = range(0, len(self.images), TOGETHER)
        encoded = [
            encode_photos(model, self.images[first : first + TOGETHER]) for first in watch.follow("encode", blocks)
        ]
        return joined(encoded)

    @staticmethod
    def answer_together(
        requests: Sequence[EncodePhotos],
        model: FusionModel,
        features: Callable[[Sequence[ImageInput]], list[Tensor]],
        watch: Watch,
    ) -> list[EncodedPhotos]:
        """The answers to several requests, in larger passes. Raises ModelError where a vector is not a number."""
        images, counts = [image for request in requests for image in request.images], [len(r.images) for r in requests]
        blocks = range(0, len(images), PASS)
        encoded = [encode_photos(model, images[first : first + PASS]) for first in watch.follow("encode", blocks)]
        return parted(joined(encoded), counts)


@dataclass(frozen=True)
class EmbedPhotosAndTexts:
    """The vectors of photos and texts, for a search of one's own."""

    images: tuple[ImageInput, ...] = ()
    texts: tuple[str, ...] = ()
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        parts = ([image.sha256 for image in self.images], self.texts, self.model)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Embedded:
        """Raises InputError where a text holds nothing to read, or the model has no vectors of texts."""
        photos = [workbench.features(model, image) for image in watch.follow("encode", self.images)]
        return embedded(model, photos, self.texts)


@dataclass(frozen=True)
class SearchPhotos:
    """The photos of a store that fit a query best, by similarity."""

    store: str
    query: Query
    top: int = 10
    filters: Filters = EVERYTHING
    model: str = DEFAULT_MODEL
    device: str | None = None
    revision: str = ""

    slow = False

    @property
    def key(self) -> str:
        parts = (self.store, self.query.identity, self.top, self.filters, self.model, self.revision)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Found:
        """Raises InputError where the query is empty, or the store cannot be used with this model."""
        store = open_store(self.store)
        store.check(model.weights_sha256)
        watch.enter("search")
        return find_photos(
            model, store, self.query, self.top, self.filters, lambda image: workbench.features(model, image), watch
        )


@dataclass(frozen=True)
class MatchPhotos:
    """What the fusion model says of a text and some photos of a store. Ask for a few at a time, so that people see the
    order improve and others are served in between."""

    store: str
    sentence: str
    photos: tuple[str, ...]
    model: str = DEFAULT_MODEL
    device: str | None = None
    revision: str = ""

    slow = False

    @property
    def key(self) -> str:
        parts = (self.store, self.sentence, self.photos, self.model, self.revision)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Matched:
        """Raises InputError where the text holds nothing to read, or the store cannot be used with this model."""
        store = open_store(self.store)
        store.check(model.weights_sha256)
        watch.enter("match")
        return match_photos(model, store, self.sentence, self.photos, lambda image: workbench.features(model, image))


@dataclass(frozen=True)
class FindSentences:
    """The sentences of a list that describe a photo best."""

    image: ImageInput
    sentences: tuple[str, ...]
    top: int = 10
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        parts = (self.image.sha256, self.sentences, self.top, self.model)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> list[Fitting]:
        """Raises InputError where there are no sentences or too many, or one holds nothing to read."""
        return best_sentences(model, workbench.features(model, self.image), self.sentences, self.top)
