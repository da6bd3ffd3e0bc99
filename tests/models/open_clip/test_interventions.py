"""Changes of open_clip's towers: what they offer, and what comes of it."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from vtviz.attribution.case import Case
from vtviz.attribution.masked import Masked
from vtviz.inputs import ImageInput, InputError
from vtviz.interventions.changes import Cut, Drop, Hide, Push, Without
from vtviz.interventions.intervene import intervene, offered
from vtviz.models.base import Target
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder

TEXT = "a photo of a dog"
Loaded = Callable[[str], OpenClipDualEncoder]


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-timm"])
def test_a_dual_encoder_offers_all_but_edges(loaded: Loaded, photo: ImageInput, name: str) -> None:
    model = loaded(name)
    assert {kind for kind, reason in offered(model.abilities, "match").items() if reason} == {"cut", "push"}
    kept = np.ones((1, model.grid[0] * model.grid[1]), dtype=bool)
    kept[0, :2] = False
    masked = Masked(Case(model, photo, [TEXT]), "mean", as_shown=False)
    hidden = intervene(model, photo, TEXT, [Hide(patches=(0, 1), fill="mean")])
    assert hidden.after.value == pytest.approx(masked.without_patches(kept)[0], abs=1e-6)
    dropped = intervene(model, photo, TEXT, [Drop(0)])
    with torch.inference_mode():
        short = model.match_logits(model.encode_image(photo), ["photo of a dog"])
    assert dropped.after.value == pytest.approx(float(short), abs=1e-5)
    with pytest.raises(InputError, match="No word attends to a patch"):
        intervene(model, photo, TEXT, [Push(patches=(0,), place=0)])


@pytest.mark.parametrize("kind", ["text", "image"])
def test_a_head_of_a_tower_equals_a_recomputation_from_the_weights(
    loaded: Loaded, photo: ImageInput, kind: str
) -> None:
    model = loaded("tiny-clip")
    outcome = intervene(model, photo, TEXT, [Without(kind, 1, 0)])  # type: ignore[arg-type]
    twin = copy.deepcopy(model)
    blocks = twin.network.transformer if kind == "text" else twin.network.visual.transformer
    attention: nn.MultiheadAttention = blocks.resblocks[1].attn
    attention.out_proj.weight.data[:, : attention.embed_dim // attention.num_heads] = 0.0
    with torch.inference_mode():
        wanted = twin.match_logits(twin.encode_image(photo), [TEXT])
    assert outcome.after.value == pytest.approx(float(wanted), abs=1e-6)
    assert outcome.after.value != pytest.approx(outcome.before.value, abs=1e-5)


def test_coca_switches_off_heads_and_says_why_it_cuts_no_edge(loaded: Loaded, photo: ImageInput) -> None:
    model = loaded("tiny-coca")
    plain = intervene(model, photo, TEXT, []).before
    for target in (Target(), Target("caption", 2)):
        outcome = intervene(model, photo, TEXT, [Without("text→image", 0, 1)], target)
        assert outcome.after.value != pytest.approx(outcome.before.value, abs=1e-6)
        assert not outcome.after.record.of_kind("text→image")[0].weights[1].any()
    assert intervene(model, photo, TEXT, []).before.value == plain.value
    with pytest.raises(InputError, match="summaries of the photo"):
        intervene(model, photo, TEXT, [Cut(patches=(0,), place=0)])
