"""What a map promised, what happened, and the smallest region that keeps the answer."""

import numpy as np
import pytest
import torch

from tests.interventions.conftest import TEXT
from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Details, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Masked
from vtviz.attribution.options import Options
from vtviz.inputs import ImageInput
from vtviz.interventions.changes import Cut, Drop, Hide, Only
from vtviz.interventions.intervene import intervene
from vtviz.interventions.likeness import patch_likeness
from vtviz.interventions.promise import predicted_against_real
from vtviz.interventions.smallest import smallest_region
from vtviz.models.base import Abilities
from vtviz.models.vtviz_base.model import VtvizBase


def test_the_share_of_relevance_that_was_taken_away(tiny: VtvizBase, photo: ImageInput) -> None:
    outcome = intervene(tiny, photo, TEXT, [Hide(patches=(0, 5)), Drop(1)], method="attention_gradcam")
    image, tokens = outcome.before.relevance.image.ravel(), outcome.before.relevance.tokens
    patches, words = (image[0] + image[5]) / image.sum(), tokens[1] / tokens.sum()
    fell = outcome.before.value - outcome.after.value
    found = outcome.promise
    assert found is not None and (found.unit, found.fell) == ("share", fell) and fell != 0
    assert (found.patches, found.words) == (pytest.approx(patches), pytest.approx(words))
    assert found.predicted == pytest.approx((patches + words) / 2)
    alone = intervene(tiny, photo, TEXT, [Only(patches=(0, 5))], method="attention_gradcam").promise
    assert alone is not None and alone.words is None and alone.predicted == pytest.approx(1 - patches)


def test_a_method_that_shares_out_the_target_promises_its_own_sum(tiny: VtvizBase, photo: ImageInput) -> None:
    outcome = intervene(tiny, photo, TEXT, [Hide(patches=(0, 5), fill="mean"), Drop(1)], method="integrated_gradients")
    relevance = outcome.before.relevance
    assert relevance.details is not None and relevance.details.image_unit is not None
    image = relevance.image.ravel() * relevance.details.image_unit
    assert outcome.promise is not None and outcome.promise.unit == "target"
    assert outcome.promise.predicted == pytest.approx(image[0] + image[5] + relevance.tokens[1], rel=1e-5)


def test_nothing_is_promised_where_nothing_was_taken_away(tiny: VtvizBase, photo: ImageInput) -> None:
    assert intervene(tiny, photo, TEXT, [Cut(patches=(0,), place=1)]).promise is None
    assert intervene(tiny, photo, TEXT, [Hide(patches=(0,))], method="leave_one_out").promise is None


def test_predicted_against_real_by_hand(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    (relevance,) = attribute_case(case, "attention_gradcam")
    found = predicted_against_real(case, relevance, "mean", count=4)
    assert found is not None and found.unit == "share" and found.predicted.sum() == pytest.approx(1.0)
    assert (np.diff(found.predicted) <= 0).all()
    first = np.argsort(-relevance.image.ravel(), kind="stable")[:4]
    outcome = intervene(tiny, photo, TEXT, [Hide(patches=tuple(first.tolist()), fill="mean")])
    assert found.fell[0] == pytest.approx(outcome.before.value - outcome.after.value, abs=1e-5)
    ranks = [np.argsort(np.argsort(values)) for values in (found.predicted, found.fell)]
    assert found.correlation == pytest.approx(np.corrcoef(*ranks)[0, 1])
    flat = Relevance(np.zeros(3), np.zeros((3, 4, 4)), np.zeros((4, 4)), signed=False)
    assert predicted_against_real(case, flat) is None


def test_predicted_against_real_of_a_map_that_is_exact(case: Case) -> None:
    """Occlusion patch by patch, as if it shared out the target: each cut of one patch is foretold exactly."""
    (relevance,) = attribute_case(case, "occlusion", Options(window=1))
    assert relevance.details is not None
    unit = relevance.details.image_unit
    exact = Relevance(
        relevance.tokens, relevance.maps, relevance.image, True, details=Details(image_unit=unit, baseline=0.0)
    )
    found = predicted_against_real(case, exact, "mean", count=16)
    assert found is not None and found.unit == "target" and found.correlation == pytest.approx(1.0)
    np.testing.assert_allclose(found.predicted, found.fell, atol=1e-5)


class Steps(Masked):
    """Says 1 where at least ``enough`` patches are shown, and counts what it is asked."""

    def __init__(self, enough: int, dip: int | None = None) -> None:
        self.enough, self.dip, self.asked = enough, dip, list[int]()

    def without_patches(self, kept: np.ndarray) -> np.ndarray:
        counts = kept.sum(axis=1)
        self.asked += counts.tolist()
        return np.where((counts >= self.enough) & (counts != (self.dip or -1)), 1.0, 0.0)


@pytest.mark.parametrize("enough", [0, 1, 37, 100])
def test_the_smallest_region_is_found_to_a_patch(enough: int) -> None:
    scores = np.random.default_rng(0).random(100)
    masked = Steps(enough)
    found = smallest_region(masked, scores, 0.5, steps=10)
    assert found.least == enough / 100 and len(masked.asked) < 40
    assert set(found.patches) == set(np.argsort(-scores)[:enough].tolist())
    assert found.shares[0] == 0 and found.shares[-1] == 1 and len(found.values) == len(found.shares)
    assert (np.diff(found.shares) > 0).all()


def test_an_answer_that_falls_again_does_not_stay() -> None:
    found = smallest_region(Steps(20, dip=60), np.arange(100.0), 0.5, steps=10)
    assert found.least == 0.61
    below = smallest_region(Steps(101), np.arange(100.0), 0.5)
    assert below.least is None and below.patches == ()


def test_a_region_is_shown_as_only_its_patches(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    scores = np.arange(16.0)
    found = smallest_region(Masked(case, "mean"), scores, -1.0, steps=4)
    index = found.shares.tolist().index(0.25)
    outcome = intervene(tiny, photo, TEXT, [Only(patches=(12, 13, 14, 15), fill="mean")])
    assert found.values[index] == pytest.approx(outcome.after.score, abs=1e-6) and found.least == 0


def test_likeness_is_the_cosine_of_the_patch_vectors(tiny: VtvizBase, photo: ImageInput) -> None:
    features = tiny.encode_image(photo)
    other = torch.rand(features.shape, generator=torch.Generator().manual_seed(0))
    vectors = [tiny.patch_vectors(each)[0].detach().double().numpy() for each in (features, other)]
    expected = [[a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in vectors[1]] for a in vectors[0]]
    np.testing.assert_allclose(patch_likeness(tiny, features, other), expected, atol=1e-5)
    np.testing.assert_allclose(np.diag(patch_likeness(tiny, features, features)), 1.0, atol=1e-5)


def test_a_model_that_compares_nothing_is_read_by_its_features() -> None:
    class Plain:
        abilities = Abilities({"match": frozenset()}, compares=False)

    features = torch.tensor([[[1.0, 0.0], [3.0, 4.0]]])
    found = patch_likeness(Plain(), features, features)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, [[1.0, 0.6], [0.6, 1.0]], atol=1e-6)
