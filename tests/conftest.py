"""What several tests need: the shipped model's engine and a packaged photo."""

from collections.abc import Iterator

import pytest

from vtviz.engine.local import LocalEngine
from vtviz.inputs import ImageInput, read_image
from vtviz.paths import ASSETS


@pytest.fixture(scope="session")
def cat_bytes() -> bytes:
    return (ASSETS / "samples" / "chelsea.jpg").read_bytes()


@pytest.fixture(scope="session")
def cat(cat_bytes: bytes) -> ImageInput:
    return read_image(cat_bytes)


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine("cpu")
    yield engine
    engine.close()
