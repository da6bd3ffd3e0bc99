"""Photos like those that somebody likes, and what these have in common."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vtviz.engine.engine import Workbench
from vtviz.files import read_photo
from vtviz.inputs import ImageInput
from vtviz.models.base import FusionModel
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.paths import ASSETS
from vtviz.tasks.recommend.recommend import recommend_photos
from vtviz.tasks.recommend.shared import Shared, shared_names
from vtviz.tasks.search.entry import EVERYTHING, Filters
from vtviz.tasks.search.found import Found
from vtviz.tasks.search.query import Term
from vtviz.tasks.search.store import open_store
from vtviz.watch import Watch

OTHERS = ("coffee", "rocket", "horses", "camera", "duck")  # packaged photos of different things


@dataclass(frozen=True)
class RecommendPhotos:
    """The photos of a store that are nearest to what is liked. Terms are photos; their weights do not count."""

    store: str
    likes: tuple[Term, ...]
    dislikes: tuple[Term, ...] = ()
    top: int = 10
    filters: Filters = EVERYTHING
    model: str = DEFAULT_MODEL
    device: str | None = None
    revision: str = ""

    slow = False

    @property
    def key(self) -> str:
        sides = [[term.identity for term in terms] for terms in (self.likes, self.dislikes)]
        parts = (self.store, sides, self.top, self.filters, self.model, self.revision)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Found:
        """Raises InputError where nothing is liked, or the store cannot be used with this model."""
        store = open_store(self.store)
        store.check(model.weights_sha256)
        watch.enter("search")
        return recommend_photos(
            model,
            store,
            self.likes,
            self.dislikes,
            self.top,
            self.filters,
            lambda image: workbench.features(model, image),
        )


@dataclass(frozen=True)
class FindShared:
    """The names of things that match all photos best."""

    images: tuple[ImageInput, ...]
    names: tuple[str, ...]
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        parts = (tuple(image.sha256 for image in self.images), self.names, self.model)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> list[Shared]:
        """Raises InputError where there are no photos, or too many."""
        photos = [workbench.features(model, image) for image in self.images]
        others = [ASSETS / "samples" / f"{name}.jpg" for name in OTHERS]
        return shared_names(
            model,
            photos,
            self.names,
            watch,
            lambda: [workbench.features(model, read_photo(path)) for path in others],
        )
