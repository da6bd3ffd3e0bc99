"""Everyday names by how well they match a photo, on a small network that knows none of them."""

import pytest
import torch

from vtviz.inputs import ImageInput
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.tasks.everyday import CANDIDATES, everyday_names, may_show


def test_names_are_those_of_the_nearest_texts_in_the_order_of_their_match(
    tiny: VtvizBase, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [name for group in everyday_names().values() for name in group]
    similarity = torch.zeros(len(names), 1)
    near = names[5 : 5 + CANDIDATES]
    similarity[5 : 5 + CANDIDATES] = 1.0
    matches = {name: float(number % 5) for number, name in enumerate(near)}

    def match(features: torch.Tensor, texts: list[str]) -> torch.Tensor:
        return torch.tensor([matches[text.removesuffix(".").split(" of ")[1].split(" ", 1)[1]] for text in texts])

    monkeypatch.setattr(tiny, "similarity", lambda texts, images: similarity)
    monkeypatch.setattr(tiny, "match_logits", match)
    found = may_show(tiny, tiny.encode_image(photo), count=3)
    best = sorted(near, key=lambda name: -matches[name])[:2]
    assert {item.name for item in found[:2]} == set(best) and len(found) == 3
    assert found[0].score == pytest.approx(torch.tensor(4.0).sigmoid().item())
    assert all(item.text in (f"a photo of a {item.name}.", f"a photo of an {item.name}.") for item in found)


def test_every_name_has_one_chinese_word() -> None:
    words = [(name, word) for group in everyday_names().values() for name, word in group.items()]
    assert len({name for name, _ in words}) == len(words) == len({word for _, word in words}) > 80
