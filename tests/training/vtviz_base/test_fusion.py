"""The pairs and the losses of the first stage, by hand."""

import math

import torch

from vtviz.models.vtviz_base.network import Encoded
from vtviz.training.vtviz_base import fusion
from vtviz.training.vtviz_base.data.items import Batch, Others
from vtviz.training.vtviz_base.fusion import (
    WRONG,
    _distillation,
    phrase_rows,
    similarity_rows,
    smoothed,
    stacked,
    wrong_pairs,
)

EMPTY = torch.zeros(0, dtype=torch.int64)


def batch(distinct: list[bool], foils: list[int], texts: int, **more: torch.Tensor) -> Batch:
    """A batch of which only some parts are of interest."""
    ids = torch.zeros(texts, 3, dtype=torch.int64)
    nothing = torch.zeros(0, 3, dtype=torch.bool)
    parts = {
        **{"features": EMPTY, "ids": ids, "mask": ids == 0, "item": EMPTY, "owner": EMPTY, "pieces": nothing},
        **{"regions": EMPTY, "twin_of": torch.full((texts,), -1), "twin_pieces": nothing},
        **more,
    }
    owner = torch.tensor(foils, dtype=torch.int64)
    return Batch(distinct=torch.tensor(distinct), foils=Others(owner, EMPTY, EMPTY), **parts)


def test_wrong_pairs_are_foils_with_their_own_photo_or_other_distinct_items() -> None:
    torch.manual_seed(0)
    distinct, foils = [True, True, False, True, True, False], [1, 2]
    made, seen = batch(distinct, foils, texts=9), set()
    for _ in range(60):
        texts, images = wrong_pairs(torch.zeros(4, 4), made)
        assert len(texts) == len(images) == round(WRONG * 6) or len(texts) == 5
        for text, image in zip(texts.tolist(), images.tolist(), strict=True):
            seen.add((text, image))
            if text >= 9:  # after the 6 first texts and 3 second ones
                assert image == foils[text - 9]
            else:
                assert text != image and distinct[text] and distinct[image]
    assert {(9, 1), (10, 2)} <= seen and len(seen) > 8
    assert not any(1 in pair and pair[0] < 9 and pair[1] == 1 and pair[0] == 1 for pair in seen)


def test_ids_of_two_groups_are_as_long_as_the_longest() -> None:
    ids, mask = stacked(
        (torch.tensor([[1, 2]]), torch.tensor([[True, True]])), (torch.tensor([[3]]), torch.tensor([[True]]))
    )
    assert ids.tolist() == [[1, 2], [3, 0]] and mask.tolist() == [[True, True], [True, False]]


def test_rows_of_phrases_are_the_means_of_their_pieces() -> None:
    attention = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], [[0.2, 0.8], [0.4, 0.6], [0.0, 0.0]]])
    spans = torch.tensor([[0.5, 0.5], [1.0, 0.0]])
    rows = phrase_rows(attention, torch.tensor([0, 1]), spans)
    torch.testing.assert_close(rows, torch.tensor([[0.5, 0.5], [0.2, 0.8]]))


def encoded(local: torch.Tensor) -> Encoded:
    tokens = torch.zeros(*local.shape[:2], 2)
    tokens[:, 0, 0] = 1.0
    return Encoded(tokens, local, local[..., 0], local[:, 0], local[..., 0] != 9)


def test_the_similarity_of_a_second_text_is_with_the_patches_of_its_item() -> None:
    text = encoded(torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]]))
    image = encoded(torch.tensor([[[0.3, 0.7], [0.6, 0.4]]]))
    made = batch([True], [], 2, item=torch.tensor([0, 0]), owner=torch.tensor([0, 1]))
    found = similarity_rows(text, image, made, torch.ones(2, 1))
    torch.testing.assert_close(found, torch.tensor([[0.3, 0.6], [0.7, 0.4]]))


def test_a_translation_is_drawn_to_its_caption_and_not_the_other_way() -> None:
    local = torch.tensor([[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [1.0, 0.0]]], requires_grad=True)
    made = batch(
        [True], [], 2, item=torch.tensor([0, 0]), owner=torch.tensor([1]), twin_of=torch.tensor([-1, 0]),
        pieces=torch.tensor([[True, False]]), twin_pieces=torch.tensor([[False, True]]),
    )  # fmt: skip
    losses = _distillation(made, encoded(local), made.pieces.float())
    assert math.isclose(losses["distil"].item(), 0.5 * (2 - 0 - 1), abs_tol=1e-6)
    assert math.isclose(losses["distil phrases"].item(), 0.5 * (1 - 0.8), rel_tol=1e-5)
    sum(losses.values(), torch.zeros(())).backward()
    assert local.grad is not None and local.grad[0].abs().sum() == 0 and local.grad[1].abs().sum() > 0


def test_without_translations_nothing_is_distilled() -> None:
    assert _distillation(batch([True], [], 1), encoded(torch.ones(1, 3, 2)), torch.zeros(0, 3)) == {}


def test_a_match_is_held_to_a_smoothed_label() -> None:
    logit = 0.7
    p = 1 / (1 + math.exp(-logit))
    expected = -(0.95 * math.log(p) + 0.05 * math.log(1 - p))
    assert math.isclose(smoothed(torch.tensor([logit]), 0.95).item(), expected, rel_tol=1e-6)
    assert fusion.smoothed(torch.tensor([math.log(19)]), 0.95) < smoothed(torch.tensor([5.0]), 0.95)
