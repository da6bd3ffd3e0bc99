"""The network of vtviz-base, small and untrained."""

import pytest
import torch

from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig


@pytest.fixture(scope="module")
def network() -> FusionNetwork:
    torch.manual_seed(0)
    sizes = NetworkConfig(image_size=64, width=16, heads=2, text_layers=1, fusion_blocks=2, joint_layers=1)
    return FusionNetwork(sizes).eval()


IDS = torch.tensor([[101, 7, 8, 102], [101, 9, 102, 0]])
MASK = IDS > 0


def test_every_attention_is_recorded_with_rows_that_sum_to_one(network: FusionNetwork) -> None:
    features = network.backbone(torch.zeros(2, 3, 64, 64))
    assert features.shape == (2, 16, network.backbone.channels)
    with torch.no_grad(), record_attention(network) as recording:
        network.match(network.encode_text(IDS, MASK), network.encode_patches(features))
    kinds = [layer.kind for layer in recording.layers]
    assert kinds == ["text", "image", "text→image", "image→text", "text→image", "image→text", "fused"]
    for layer in recording.layers:
        torch.testing.assert_close(layer.weights.sum(dim=-1), torch.ones(layer.weights.shape[:-1]))
    assert all((weights[1, :, :, 3] == 0).all() for weights in recording.of_kind("image→text"))


@torch.no_grad()
def test_padding_and_company_do_not_change_an_answer(network: FusionNetwork) -> None:
    image = network.encode_patches(torch.randn(2, 16, network.backbone.channels))
    together = network.match(network.encode_text(IDS, MASK), image)
    alone = network.match(network.encode_text(IDS[1:, :3], MASK[1:, :3]), image[torch.tensor([1])])
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_similarity_agrees_with_a_loop(network: FusionNetwork) -> None:
    text = network.encode_text(IDS, MASK)
    image = network.encode_patches(torch.randn(3, 16, network.backbone.channels))
    matrix = network.similarity(text, image)
    scale = network.similarity_scale.exp()
    for t in range(2):
        for i in range(3):
            cosines = text.local[t][MASK[t]] @ image.local[i].T
            expected = scale[0] * (cosines.amax(dim=1) * text.importance[t][MASK[t]]).sum()
            expected += scale[1] * (cosines.amax(dim=0) * image.importance[i]).sum()
            expected += scale[2] * text.pooled[t] @ image.pooled[i]
            torch.testing.assert_close(matrix[t, i], expected, atol=1e-4, rtol=1e-4)
    paired = network.paired_similarity(text, image[torch.tensor([0, 1])])
    torch.testing.assert_close(paired, matrix.diagonal(), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_the_match_logit_is_the_sum_of_its_parts(network: FusionNetwork) -> None:
    text = network.encode_text(IDS, MASK)
    image = network.encode_patches(torch.randn(2, 16, network.backbone.channels))
    fused, similarity = network.match_parts(text, image)
    torch.testing.assert_close(similarity, network.paired_similarity(text, image))
    network.match_similarity.fill_(0.7)
    network.calibration.copy_(torch.tensor([2.0, -1.0]))
    try:
        torch.testing.assert_close(network.match(text, image), 2.0 * (fused + 0.7 * similarity) - 1.0)
    finally:
        network.match_similarity.fill_(0.1)
        network.calibration.copy_(torch.tensor([1.0, 0.0]))
