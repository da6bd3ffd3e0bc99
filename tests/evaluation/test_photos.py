"""Photos of a data set."""

from pathlib import Path

import pytest

from vtviz.evaluation.photos import Photos
from vtviz.inputs import InputError
from vtviz.models.vtviz_base.model import VtvizBase


def test_a_photo_is_encoded_with_its_size(tiny: VtvizBase, data: Path) -> None:
    photo = Photos(tiny, data / "images").encode("0.png")
    assert photo.size == (64, 48) and photo.features.shape[:2] == (1, 16)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"^The photo bad\.png cannot be read: No such file or directory\.$"),
        (
            b"text",
            r"^The photo bad\.png cannot be used\. The file is not a JPEG, PNG, WebP, HEIC, AVIF, ",
        ),
    ],
)
def test_a_photo_that_cannot_be_used_is_named(tiny: VtvizBase, data: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (data / "images" / "bad.png").write_bytes(content)
    with pytest.raises(InputError, match=message):
        Photos(tiny, data / "images").encode("bad.png")
