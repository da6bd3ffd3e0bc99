"""Recall, by hand."""

import torch

from vtviz.evaluation.retrieval import recall


def test_recall_by_hand() -> None:
    similarity = torch.zeros(2, 12)
    similarity[0, 0] = 1.0  # text 0 finds image 0 first
    similarity[1, 2:8] = 2.0
    similarity[1, 1] = 1.0  # text 1 finds image 1 at rank 7
    found = recall(similarity, torch.tensor([0, 1]))
    assert found["text_to_image"] == {"recall@1": 0.5, "recall@5": 0.5, "recall@10": 1.0}
    both = recall(torch.tensor([[1.0, 0.0], [0.5, 0.4], [0.9, 0.8]]), torch.tensor([0, 1, 1]))
    assert both["image_to_text"]["recall@1"] == 1.0
    tied = recall(torch.ones(2, 2), torch.tensor([0, 1]))
    assert tied["text_to_image"]["recall@1"] == 0.0, "a tie must count against the model"
