"""What may be in a photo."""

import numpy as np
import pytest

from vtviz.attribution.attribute import attribute
from vtviz.engine.engine import Engine
from vtviz.engine.requests.things import FindThings
from vtviz.inputs import ImageInput
from vtviz.models.registry import load_model

NAMES = ("cat", "bicycle", "theodolite", "kitten", "train")


def test_names_that_fit_come_first_with_the_map_of_each_and_unknown_ones_never(engine: Engine, cat: ImageInput) -> None:
    things = engine.ask(FindThings(cat, NAMES))
    assert set(things.names) == set(NAMES) - {"theodolite"} and set(things.names[:2]) == {"cat", "kitten"}
    assert things.maps.shape == (4, 20, 20) and np.abs(things.maps).max() == pytest.approx(1.0)
    own = attribute(load_model("vtviz-base", "cpu"), cat, things.names[0], method="maskclip")
    np.testing.assert_allclose(things.maps[0], own.image, atol=1e-5)


def test_the_order_is_that_of_the_match(engine: Engine, cat: ImageInput) -> None:
    model = load_model("vtviz-base", "cpu")
    names = engine.ask(FindThings(cat, NAMES)).names
    features = model.encode_image(cat).expand(len(names), -1, -1)
    matches = model.match_logits(features, [f"a {name}" for name in names]).tolist()
    assert matches == sorted(matches, reverse=True)
