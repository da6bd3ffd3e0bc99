"""Every attribution method runs on every open_clip model where it is defined, and says why where it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from open_clip.transformer import VisionTransformer

from vtviz.attribution.attribute import attribute, attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import MATCH, Target
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder

TEXT = "a dog, two cats"
CROSS = {"raw_attention", "attention_gradcam"}


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-own", "tiny-map", "tiny-coca"])
@pytest.mark.parametrize("method", sorted(methods()))
def test_a_method_runs_or_says_why_not(
    method: str, name: str, loaded: Callable[[str], OpenClipDualEncoder], photo: ImageInput
) -> None:
    model = loaded(name)
    found = methods()[method]
    reason = found.supports(model.abilities, "match")
    assert (reason is not None) == (method in CROSS and name != "tiny-coca"), reason
    samples = found.options.get("samples")
    options = Options(samples=max(2, samples.low)) if samples else Options()
    if reason:
        with pytest.raises(InputError, match="does not use"):
            attribute(model, photo, TEXT, MATCH, method, options)
        return
    relevance = attribute(model, photo, TEXT, MATCH, method, options)
    pieces = len(model.tokenize(TEXT).pieces)
    assert relevance.maps.shape == (pieces, *model.grid) and relevance.tokens.shape == (pieces,)
    assert np.isfinite(relevance.maps).all() and np.abs(relevance.maps).max() <= 1 + 1e-6
    assert relevance.maps_of == "none" or np.abs(relevance.image).max() > 0
    assert relevance.tokens.any() == found.scores_words
    if relevance.details is not None:
        with torch.no_grad():
            whole = model.match_logits(model.encode_image(photo), [TEXT])
        assert relevance.details.value == pytest.approx(whole.item(), abs=1e-5)


@pytest.mark.parametrize("method", ["raw_attention", "attention_gradcam", "relevancy"])
def test_a_caption_piece_of_coca_can_be_explained(
    method: str, loaded: Callable[[str], OpenClipDualEncoder], photo: ImageInput
) -> None:
    model = loaded("tiny-coca")
    relevance = attribute(model, photo, TEXT, Target("caption", 1), method)
    assert relevance.image.max() > 0


def test_the_photos_own_readout_is_what_its_vector_is_made_of(
    loaded: Callable[[str], OpenClipDualEncoder], photo: ImageInput
) -> None:
    for name in ("tiny-clip", "tiny-own", "tiny-timm", "tiny-map", "tiny-coca"):
        model = loaded(name)
        features = model.encode_image(photo)
        read = model.image_readout(features)
        tokens = model.vision.tokens(model._pixels(features.clone()))
        assert read.shape == tokens.shape[:2]
        torch.testing.assert_close(read.sum(dim=1), torch.ones(1), atol=1e-5, rtol=0)
    class_token, patches = loaded("tiny-clip").image_readout(loaded("tiny-clip").encode_image(photo))[0].split([1, 16])
    assert float(class_token) == 1.0 and float(patches.sum()) == 0.0


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-timm"])
def test_legrad_reads_a_score_from_every_layer(
    name: str, loaded: Callable[[str], OpenClipDualEncoder], photo: ImageInput
) -> None:
    model, texts = loaded(name), [TEXT, "a dog"]
    visual: Any = model.network.visual
    own = isinstance(visual, VisionTransformer)
    outputs: list[torch.Tensor] = []
    blocks = visual.transformer.resblocks if own else visual.trunk.blocks
    handles = [block.register_forward_hook(lambda module, args, output: outputs.append(output)) for block in blocks]
    with torch.enable_grad(), model.record({"image"}) as recording:
        visual(model.pixels(photo))
    for handle in handles:
        handle.remove()
    found = attribute_case(Case(model, photo, texts), "legrad")
    for relevance, text in zip(found, texts, strict=True):
        direction = model.index_texts([text])[0].clone()
        maps = []
        for output, layer in zip(outputs, recording.layers, strict=True):
            if own:
                vector = visual.ln_post(output.mean(dim=1)) @ visual.proj
            else:
                vector = visual.head(visual.trunk.fc_norm(visual.trunk.norm(output).mean(dim=1)))
            score = (F.normalize(vector, dim=-1) * direction).sum()
            (gradient,) = torch.autograd.grad(score, layer.weights, retain_graph=True)
            maps.append(gradient[0].clamp_min(0).mean(dim=(0, 1))[model.image_offset :])
        expected = torch.stack(maps).mean(dim=0).reshape(model.grid)
        assert expected.max() > 0
        np.testing.assert_allclose(relevance.image, expected / expected.max(), atol=1e-4)
    assert not any(block._forward_hooks for block in blocks)
