"""The losses against values computed by hand."""

import math

import torch

from vtviz.training.losses import contrastive, hard_negatives, mass_in_region


def test_contrastive_of_equal_similarities_is_log_n() -> None:
    assert math.isclose(contrastive(torch.zeros(4, 4)).item(), math.log(4), rel_tol=1e-6)


def test_contrastive_by_hand() -> None:
    loss = contrastive(torch.tensor([[1.0, 0.0], [2.0, 3.0]]), smoothing=0.0).item()
    rows = math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-1))
    columns = math.log(1 + math.exp(1)) + math.log(1 + math.exp(-3))
    assert math.isclose(loss, (rows + columns) / 4, rel_tol=1e-6)


def test_mass_in_region_by_hand_and_skips_regions_out_of_sight() -> None:
    weights = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    regions = torch.tensor([[1.0, 0.5, 0.0], [0.0, 0.0, 0.0]])
    assert math.isclose(mass_in_region(weights, regions).item(), -math.log(0.625), rel_tol=1e-6)
    assert mass_in_region(weights, torch.zeros(2, 3)).item() == 0.0


def test_hard_negatives_are_never_the_own_partner_and_follow_the_similarity() -> None:
    torch.manual_seed(0)
    similarity = torch.zeros(5, 5)
    similarity[0, 3] = similarity[2, 1] = 100.0
    texts, images = hard_negatives(similarity)
    own = torch.arange(5)
    assert not (texts == own).any() and not (images == own).any()
    assert images[0] == 3 and texts[3] == 0 and images[2] == 1 and texts[1] == 2
