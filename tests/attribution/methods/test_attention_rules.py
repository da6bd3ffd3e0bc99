"""Rollout, relevancy, LeGrad and Grad-ECLIP against loops over the published rules."""

import numpy as np
import torch
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.methods.gradient.relevancy import normalised
from vtviz.attribution.methods.similarity.clip_surgery import surgery
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, Target
from vtviz.models.record import KINDS
from vtviz.models.recorder import RecordedLayer
from vtviz.models.vtviz_base.model import VtvizBase

TEXT = "a skateboarder runs"


def recorded(model: VtvizBase, photo: ImageInput, target: Target) -> tuple[list[str], list[Tensor], list[Tensor], list]:
    """Kinds, weights, gradients and layers of one pass, from the model alone."""
    text, features = model.encode_texts([TEXT]), model.encode_image(photo)
    with torch.enable_grad(), model.record(KINDS) as recording:
        value = model.score(features, text, target)
    layers = recording.layers
    gradients = torch.autograd.grad(value.sum(), [each.weights for each in layers], retain_graph=True)
    mixed = [g.detach() for g in torch.autograd.grad(value.sum(), [each.mixed for each in layers])]
    found = [(each, grad) for each, grad in zip(layers, mixed, strict=True)]
    return (
        [each.kind for each in layers],
        [each.weights[0].detach() for each in layers],
        [g[0] for g in gradients],
        found,
    )


def scaled(maps: Tensor) -> np.ndarray:
    peak = maps.abs().amax(dim=-1, keepdim=True)
    return (maps / peak).detach().numpy()


def test_relevancy_follows_the_published_rules(tiny: VtvizBase, photo: ImageInput) -> None:
    kinds, weights, gradients, _ = recorded(tiny, photo, MATCH)
    words, patches = 6, 16
    tt, ii = torch.eye(words), torch.eye(patches)
    ti, it = torch.zeros(words, patches), torch.zeros(patches, words)

    def relevant(place: int) -> Tensor:
        total = torch.zeros_like(weights[place][0])
        for head in range(len(weights[place])):
            total += (weights[place][head] * gradients[place][head]).clamp_min(0)
        return total / len(weights[place])

    def hat(r: Tensor) -> Tensor:
        rest = r - torch.eye(len(r))
        for row in rest:
            if row.sum() > 0:
                row /= row.sum()
        return rest + torch.eye(len(r))

    place = 0
    while place < len(kinds):
        a = relevant(place)
        if kinds[place] == "text":
            tt, ti = tt + a @ tt, ti + a @ ti
        elif kinds[place] == "image":
            ii, it = ii + a @ ii, it + a @ it
        elif kinds[place] == "text→image":  # with the image→text layer of the same block, which reads the same inputs
            place += 1
            b = relevant(place)
            new_ti = ti + hat(tt).T @ a @ hat(ii)
            new_tt = tt + a @ it
            new_it = it + hat(ii).T @ b @ hat(tt)
            new_ii = ii + b @ ti
            tt, ti, it, ii = new_tt, new_ti, new_it, new_ii
        else:
            joined = torch.cat([torch.cat([tt, ti], 1), torch.cat([it, ii], 1)])
            joined = joined + a @ joined
            tt, ti = joined[:words, :words], joined[:words, words:]
            it, ii = joined[words:, :words], joined[words:, words:]
        place += 1
    (found,) = attribute_case(Case(tiny, photo, [TEXT]), "relevancy")
    np.testing.assert_allclose(found.maps.reshape(4, 16), scaled(ti[1:5]), atol=1e-4)
    np.testing.assert_allclose(found.tokens, tt[0, 1:5], rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(found.image.reshape(16), scaled(ti[0]), atol=1e-4)


def test_rollout_multiplies_the_joined_attention_of_every_block(tiny: VtvizBase, photo: ImageInput) -> None:
    kinds, weights, _, _ = recorded(tiny, photo, MATCH)
    means = {place: each.mean(dim=0).numpy().astype(np.float64) for place, each in enumerate(weights)}
    whole = np.eye(22)
    for place, kind in enumerate(kinds):
        step = np.eye(22)
        if kind == "text":
            step[:6, :6] = (means[place] + np.eye(6)) / 2
        elif kind == "image":
            step[6:, 6:] = (means[place] + np.eye(16)) / 2
        elif kind == "text→image":
            step = np.block([[np.eye(6), means[place]], [means[place + 1], np.eye(16)]]) / 2
        elif kind == "fused":
            step = (means[place] + np.eye(22)) / 2
        whole = step @ whole
    (found,) = attribute_case(Case(tiny, photo, [TEXT]), "rollout")
    np.testing.assert_allclose(found.maps.reshape(4, 16), scaled(torch.tensor(whole[1:5, 6:])), atol=1e-4)
    np.testing.assert_allclose(found.tokens, whole[0, 1:5], atol=1e-5)


def test_a_row_of_relevancy_that_gained_nothing_stays_one() -> None:
    torch.testing.assert_close(normalised(torch.eye(3)), torch.eye(3))
    gained = torch.tensor([[1.5, 0.5], [0.0, 1.0]])
    torch.testing.assert_close(normalised(gained), torch.tensor([[1.5, 0.5], [0.0, 1.0]]))


def test_legrad_is_the_mean_positive_gradient(tiny: VtvizBase, photo: ImageInput) -> None:
    kinds, _, gradients, _ = recorded(tiny, photo, MATCH)
    positive = [(kind, g.clamp_min(0).mean(dim=0)) for kind, g in zip(kinds, gradients, strict=True)]
    rows = [g[1:5] for kind, g in positive if kind == "text→image"]
    rows += [g[1:5, 6:] for kind, g in positive if kind == "fused"]
    columns = [g.mean(dim=0)[1:5] for kind, g in positive if kind in ("text", "image→text", "fused")]
    (found,) = attribute_case(Case(tiny, photo, [TEXT]), "legrad")
    np.testing.assert_allclose(found.maps.reshape(4, 16), scaled(torch.stack(rows).mean(dim=0)), atol=1e-4)
    np.testing.assert_allclose(found.tokens, torch.stack(columns).mean(dim=0), rtol=1e-4)


def taken(layer: RecordedLayer, gradient: Tensor, query: int) -> Tensor:
    """Grad-ECLIP's map of one query over all keys, key by key."""
    keys = layer.key.shape[2]
    asked = layer.query[0, :, query].flatten()
    cosines = torch.stack([torch.cosine_similarity(asked, layer.key[0, :, k].flatten(), dim=0) for k in range(keys)])
    moved = torch.stack([(gradient[0, :, query] * layer.value[0, :, k]).sum().clamp_min(0) for k in range(keys)])
    return moved * (cosines - cosines.min()) / (cosines.max() - cosines.min())


def test_grad_eclip_by_loops(tiny: VtvizBase, photo: ImageInput) -> None:
    kinds, _, _, layers = recorded(tiny, photo, MATCH)
    (found,) = attribute_case(Case(tiny, photo, [TEXT]), "grad_eclip")
    crossing, joined = layers[kinds.index("text→image")], layers[-1]
    expected = torch.stack([taken(*crossing, word + 1) for word in range(4)])
    np.testing.assert_allclose(found.maps.reshape(4, 16), scaled(expected), atol=1e-4)
    read = taken(*joined, 0)
    np.testing.assert_allclose(found.tokens, read[1:5].detach(), rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(found.image.reshape(16), scaled(read[6:]), atol=1e-4)


def test_grad_eclip_reads_each_tower_by_itself_where_they_never_meet(tiny: VtvizBase, photo: ImageInput) -> None:
    kinds, _, _, layers = recorded(tiny, photo, Target("similarity"))
    (found,) = attribute_case(Case(tiny, photo, [TEXT], Target("similarity")), "grad_eclip")
    words, patches = layers[kinds.index("text")], layers[kinds.index("image")]
    expected = torch.stack([taken(*words, query) for query in range(6)]).sum(dim=0)[1:5]
    np.testing.assert_allclose(found.tokens, expected.detach(), rtol=1e-3, atol=1e-7)
    expected = torch.stack([taken(*patches, query) for query in range(16)]).sum(dim=0)
    np.testing.assert_allclose(found.image.reshape(16), scaled(expected), atol=1e-4)


def test_surgery_takes_away_what_all_classes_share_channel_by_channel() -> None:
    torch.manual_seed(0)
    patches, classes, whole = (torch.nn.functional.normalize(torch.randn(*s), dim=-1) for s in ((6, 5), (4, 5), (5,)))
    weights = (2 * (classes @ whole)).softmax(dim=0)
    weights = weights / weights.mean()
    products = patches[:, None] * classes[None] * weights[None, :, None]  # [patches, classes, channels]
    expected = (products - products.mean(dim=1, keepdim=True)).sum(dim=-1).T
    torch.testing.assert_close(surgery(patches, classes, whole), expected)


def test_patch_word_similarity_and_surgery_by_hand(tiny: VtvizBase, photo: ImageInput) -> None:
    case = Case(tiny, photo, [TEXT])
    network, features = tiny.network, tiny.encode_image(photo).clone()
    with torch.no_grad():
        text, image = network.encode_text(case.text.ids, case.text.mask), network.encode_patches(features)
        cosines = torch.stack([torch.stack([w @ p for p in image.local[0]]) for w in text.local[0, 1:5]])
        (found,) = attribute_case(case, "maskclip")
        np.testing.assert_allclose(found.maps.reshape(4, 16), scaled(cosines), atol=1e-4)
        # Value–value attention of the image layer, head by head.
        x = network.image_in(features) + network.image_positions
        layer = network.image_layer.attention
        values = layer.value(network.image_layer.norm(x))[0].split(8, dim=-1)
        mixed = torch.cat([(v @ v.T / 8**0.5).softmax(dim=-1) @ v for v in values], dim=-1)
        y = network.image_contrast.local(network.image_norm(x + layer.output(mixed)))
        np.testing.assert_allclose(tiny.surgery_vectors(features), torch.nn.functional.normalize(y, dim=-1), atol=1e-5)


def test_the_answer_and_caption_have_maps_from_their_own_decoders(tiny: VtvizBase, photo: ImageInput) -> None:
    for method in ("raw_attention", "attention_gradcam", "relevancy", "rollout", "legrad", "grad_eclip"):
        (answer,) = attribute_case(Case(tiny, photo, ["a dog runs"], Target("answer", 1)), method)
        assert answer.maps.any(axis=(1, 2)).all() and np.isfinite(answer.maps).all()
        (caption,) = attribute_case(Case(tiny, photo, ["a dog runs"], Target("caption", 1)), method)
        assert caption.maps[:2].any(axis=(1, 2)).all() and not caption.maps[2].any(), method
        assert caption.tokens[2] == 0
