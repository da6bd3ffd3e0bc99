"""The photos of a data set, as a model encodes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from vtviz.files import read_photo
from vtviz.inputs import WHOLE_FRAME, Frame, ImageInput, InputError
from vtviz.models.base import FusionModel


@dataclass(frozen=True)
class EncodedPhoto:
    """What figures need of a photo: its ``features [1, patches, channels]``, its ``size`` in pixels (width, height),
    and the ``frame`` of it that the patches cover."""

    features: Tensor
    size: tuple[int, int]
    frame: Frame = WHOLE_FRAME


class Photos:
    """The photos in a folder, for a model."""

    def __init__(self, model: FusionModel, folder: Path) -> None:
        self.model, self.folder = model, folder

    def encode(self, name: str) -> EncodedPhoto:
        """The photo as the model encodes it. Raises InputError where it cannot be used."""
        image = self.read(name)
        features = self.model.encode_image(image)
        return EncodedPhoto(features, (image.width, image.height), self.model.frame(image))

    def read(self, name: str) -> ImageInput:
        """The photo itself. Raises InputError where it cannot be used, which says which photo it is."""
        try:
            return read_photo(self.folder / name, name)
        except InputError as error:
            if "name" in error.values:
                raise
            raise InputError("The photo {name} cannot be used. {reason}", name=name, reason=str(error)) from error
