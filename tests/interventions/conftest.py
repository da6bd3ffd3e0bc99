"""What the tests of changes share."""

import pytest
import torch

from vtviz.attribution.case import Case
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, Target
from vtviz.models.vtviz_base.model import VtvizBase

TEXT = "a dog runs"


@pytest.fixture
def case(tiny: VtvizBase, photo: ImageInput) -> Case:
    return Case(tiny, photo, [TEXT])


def value(model: VtvizBase, pixels: torch.Tensor, text: str = TEXT, target: Target = MATCH) -> float:
    """The target of a photo and a text, without any of what is tested."""
    with torch.no_grad():
        return float(model.score(model.encode_pixels(pixels), model.encode_texts([text]), target))
