"""The losses against values computed by hand."""

import math

import torch

from vtviz.training.losses import contrastive, cover, hard_negatives, margins, mass_in_region, spread_in_region


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


def test_spread_is_none_where_the_attention_is_what_the_region_asks_for() -> None:
    region = torch.tensor([[0.6, 0.2, 0.0]])
    asked = spread_in_region(torch.tensor([[0.75, 0.25, 0.0]]), region).item()
    even = spread_in_region(torch.tensor([[1 / 3, 1 / 3, 1 / 3]]), region).item()
    assert abs(asked) < 1e-6
    assert math.isclose(even, 0.75 * math.log(0.75 * 3) + 0.25 * math.log(0.25 * 3), rel_tol=1e-5)


def test_cover_by_hand_and_skips_regions_out_of_sight() -> None:
    logits, regions = torch.tensor([[2.0, -1.0], [5.0, 5.0]]), torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    p, q = 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(1))
    entropy = -(math.log(p) + math.log(1 - q)) / 2
    dice = 1 - (2 * p + 1) / (p + q + 1 + 1)
    assert math.isclose(cover(logits, regions).item(), entropy + dice, rel_tol=1e-6)
    assert cover(logits, torch.zeros(2, 2)).item() == 0.0
    assert cover(torch.tensor([[30.0, -30.0]]), regions[:1]).item() < 1e-6


def test_margins_by_hand() -> None:
    values = torch.tensor([[0.5, 0.3, 0.6, 0.1]])
    regions = torch.tensor([[1.0, 0.5, 0.4, 0.0]])  # the first two patches lie inside
    peak, mean = 0.6 - 0.5 + 0.2, 0.35 - 0.4 + 0.1
    assert math.isclose(margins(values, regions, 0.2, 0.1).item(), peak + mean, rel_tol=1e-5)
    assert margins(torch.tensor([[1.0, 1.0, 0.0, 0.0]]), regions, 0.2, 0.1).item() == 0.0
    assert margins(values, torch.ones(1, 4), 0.2, 0.1).item() == 0.0  # nothing lies outside


def test_hard_negatives_are_never_the_own_partner_and_follow_the_similarity() -> None:
    torch.manual_seed(0)
    similarity = torch.zeros(5, 5)
    similarity[0, 3] = similarity[2, 1] = 100.0
    texts, images = hard_negatives(similarity)
    own = torch.arange(5)
    assert not (texts == own).any() and not (images == own).any()
    assert images[0] == 3 and texts[3] == 0 and images[2] == 1 and texts[1] == 2
