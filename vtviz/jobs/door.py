"""The way from a job to the models: what it may ask of whichever engine serves it."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from vtviz.inputs import ImageInput
from vtviz.models.base import FusionModel
from vtviz.watch import Watch


class Workbench(Protocol):
    """What an engine keeps at hand for one model."""

    def features(self, model: FusionModel, image: ImageInput) -> Tensor:
        """What the model reads of a photo, ``[1, patches, channels]``; a known photo is not encoded again."""


class Door(Protocol):
    """The way to the models, such as the ``ask`` of an engine."""

    def __call__(self, request: Any, watch: Watch, /) -> Any: ...
