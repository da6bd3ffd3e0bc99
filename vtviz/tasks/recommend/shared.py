"""What photos have in common: the words that match all of them, and the patches that carry these words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import FusionModel, as_score
from vtviz.models.encoders import TokenLevelModel
from vtviz.models.finite import need_numbers
from vtviz.tasks.names import written
from vtviz.watch import Watch

NEAREST = 16  # names by similarity, among which the match decides
COUNT = 3
MOST = 20  # photos
SIDE = 1024  # pixels of the longer side of a photo among several: more than any model reads


@dataclass(frozen=True, eq=False)
class Shared:
    """A name and its match with each photo, ``matches``; the name is the more shared, the higher the least of them.
    ``maps [photos, h, w]`` say how similar each patch is to it, in -1..1; zeros where the model compares no patches."""

    name: str
    matches: tuple[float, ...]
    maps: np.ndarray

    @property
    def match(self) -> float:
        return min(self.matches)

    @property
    def percent(self) -> str:
        """The match for people, without a certainty that no model has."""
        return ">99%" if self.match > 0.99 else f"{self.match:.0%}"


def to_share(image: ImageInput) -> ImageInput:
    """A photo no larger than is needed to tell what it shares, so that many of them fit into memory and one request."""
    if max(image.width, image.height) <= SIDE:
        return image
    picture = image.to_pil()
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    identity = hashlib.sha256(f"{image.sha256} {picture.size}".encode()).hexdigest()
    return ImageInput(np.asarray(picture), identity)


def shared_names(
    model: FusionModel,
    photos: Sequence[Tensor],
    names: Sequence[str],
    watch: Watch | None = None,
    others: Callable[[], Sequence[Tensor]] = tuple,
) -> list[Shared]:
    """The names that match all photos best, by the photo that each matches least, best first.

    Many names match a photo almost surely. So what counts is how much better (in log-odds, or in the model's own
    measure) than ``others``: than the median of these.

    Args:
        model: what reads them.
        photos: the features ``[1, patches, channels]`` of each.
        names: of things; those that the model does not know are left out.
        watch: may cancel.
        others: the features of photos of other things; none by default.

    Raises:
        InputError: if there are no photos, or too many.
        ModelError: if a match is not a number.
    """
    if not 1 <= len(photos) <= MOST:
        raise InputError(
            "What photos share can be told of 1 to {most} photos, not of {count}.", most=MOST, count=len(photos)
        )
    watch, unknown = watch or Watch(), set(model.unknown_words(names))
    known = [name for index, name in enumerate(names) if index not in unknown]
    if not known:
        return []
    with torch.inference_mode():
        texts = model.index_texts([written(name) for name in known])
        likeness = torch.cat([model.similarity(texts, model.index_images(photo)) for photo in photos], dim=1)
        least = (likeness - likeness.mean(dim=0)).amin(dim=1)  # some photos are similar to every text
        near = [known[int(index)] for index in least.topk(min(NEAREST, len(known))).indices]
        logits = torch.stack([_logits(model, photo, near) for photo in watch.follow("shared", photos)], dim=1)
        better = logits.amin(dim=1) - _usual(model, near, others)
    by_name, best = as_score(logits, model.score_kind), better.argsort(descending=True)[:COUNT].tolist()
    maps = _maps(model, photos, [near[index] for index in best])
    return [Shared(near[index], tuple(by_name[index].tolist()), maps[:, place]) for place, index in enumerate(best)]


def _logits(model: FusionModel, photo: Tensor, names: Sequence[str]) -> Tensor:
    """The match of a photo with each name, before it is a score."""
    own = model.match_logits(photo.expand(len(names), -1, -1), [written(name) for name in names]).float()
    need_numbers(own)
    return own


def _usual(model: FusionModel, names: Sequence[str], others: Callable[[], Sequence[Tensor]]) -> Tensor:
    """The median match of each name with other photos; 0 where there are none. Each name is asked once."""
    new = [name for name in names if (model.weights_sha256, name) not in _KNOWN]
    photos = others() if new else ()
    if photos:
        medians = torch.stack([_logits(model, photo, new) for photo in photos]).median(dim=0).values
        _KNOWN.update({(model.weights_sha256, name): value for name, value in zip(new, medians.tolist(), strict=True)})
    return torch.tensor([_KNOWN.get((model.weights_sha256, name), 0.0) for name in names])


_KNOWN: dict[tuple[str, str], float] = {}


def _maps(model: FusionModel, photos: Sequence[Tensor], names: Sequence[str]) -> np.ndarray:
    """The similarity of patches to names, ``[photos, names, h, w]``."""
    if not isinstance(model, TokenLevelModel):
        return np.zeros((len(photos), len(names), *model.grid), np.float32)
    return np.stack(
        [
            np.stack(
                [item.image for item in attribute_case(Case(model, None, list(names), features=photo), "maskclip")]
            )
            for photo in photos
        ]
    )
