"""Why one text rather than another."""

import numpy as np
import pytest

from tests.interventions.conftest import TEXT, value
from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.attribution.state import State, observe
from vtviz.inputs import ImageInput, InputError
from vtviz.interventions.changes import Hide
from vtviz.interventions.contrast import check_contrast, contrast
from vtviz.interventions.intervene import intervene
from vtviz.models.base import MATCH, Target
from vtviz.models.vtviz_base.model import VtvizBase

QUICK = {"samples": 20, "window": 4}
OTHER = "a skateboarder runs"


def state(
    model: VtvizBase, photo: ImageInput, method: str, text: str = TEXT, target: Target = MATCH, window: int = 4
) -> State:
    known = methods()[method].options
    options = {name: value for name, value in {**QUICK, "window": window}.items() if name in known}
    return observe(Case(model, photo, [text], target), method, Options(**options))


@pytest.mark.parametrize("method", sorted(methods()))
def test_a_text_against_itself_is_0_everywhere(tiny: VtvizBase, photo: ImageInput, method: str) -> None:
    if not methods()[method].uses_target:
        with pytest.raises(InputError, match="does not depend on the answer"):
            check_contrast(methods()[method])
        return
    check_contrast(methods()[method])
    own = state(tiny, photo, method)
    found = contrast(own, state(tiny, photo, method))
    assert not found.tokens.any() and not found.maps.any() and not found.image.any() and found.signed
    against = contrast(own, state(tiny, photo, method, OTHER))
    assert np.isfinite(against.maps).all() and (against.image.any() or methods()[method].maps_of == "none")
    assert against.maps.shape == own.relevance.maps.shape and against.tokens.any() == methods()[method].scores_words


@pytest.mark.parametrize("method", sorted(name for name, method in methods().items() if method.uses_target))
def test_an_answer_against_itself_is_0_everywhere(tiny: VtvizBase, photo: ImageInput, method: str) -> None:
    if methods()[method].supports(tiny.abilities, "answer") is not None:
        return
    found = state(tiny, photo, method, target=Target("answer", 1, against=1)).relevance
    for values in (found.tokens, found.maps, found.image):
        assert not values.any()
    assert state(tiny, photo, method, target=Target("answer", 1, against=0)).relevance.maps is not None


def test_the_target_of_two_answers_is_their_difference(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    yes, no, both = (
        value(tiny, case.pixels, TEXT, target)
        for target in (Target("answer", 1), Target("answer", 0), Target("answer", 1, against=0))
    )
    assert both == pytest.approx(yes - no, abs=1e-6) and both != 0
    with pytest.raises(InputError, match="no answer 2"):
        value(tiny, case.pixels, TEXT, Target("answer", 1, against=2))


def test_occlusion_of_a_contrast_is_that_of_the_difference(tiny: VtvizBase, photo: ImageInput) -> None:
    """By brute force: how much the difference of both matches falls without a patch."""
    first, second = (state(tiny, photo, "occlusion", text, window=1) for text in (TEXT, OTHER))
    found = contrast(first, second)
    assert found.units is not None
    for patch in (0, 9):
        falls = []
        for text in (TEXT, OTHER):
            outcome = intervene(tiny, photo, text, [Hide(patches=(patch,), fill="mean")])
            falls.append(outcome.before.value - outcome.after.value)
        assert found.image.ravel()[patch] * found.units[-1] == pytest.approx(falls[0] - falls[1], abs=1e-5)
    assert found.details is not None and found.details.value == pytest.approx(first.value - second.value)


def test_words_that_correspond_are_one(tiny: VtvizBase, photo: ImageInput) -> None:
    """Leaving a shared word out of both texts, or each text's own word out of it."""
    found = contrast(*(state(tiny, photo, "leave_one_out", text) for text in (TEXT, OTHER)))
    pixels = tiny.pixels(photo)

    def falls(text: str, rest: str) -> float:
        return value(tiny, pixels, text) - value(tiny, pixels, rest)

    assert found.tokens[0] == pytest.approx(falls(TEXT, "dog runs") - falls(OTHER, "skateboarder runs"), abs=1e-5)
    assert found.tokens[1] == pytest.approx(falls(TEXT, "a runs") - falls(OTHER, "a runs"), abs=1e-5)
    back = contrast(*(state(tiny, photo, "leave_one_out", text) for text in (OTHER, TEXT)))
    np.testing.assert_allclose(back.tokens[1:3].sum(), -found.tokens[1], atol=1e-6)  # two pieces share their word's


def test_relevance_tells_its_units(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    (found,) = attribute_case(case, "attention_gradcam")
    assert found.units is not None and len(found.units) == 4
    rows = found.maps.reshape(3, -1) * found.units[:-1, None]
    np.testing.assert_allclose(rows.sum(axis=1), found.tokens, rtol=1e-4)
    np.testing.assert_allclose(found.image.ravel() * found.units[-1], rows.mean(axis=0), rtol=1e-4, atol=1e-9)
