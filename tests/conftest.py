"""What several tests need: the shipped model's engine and a packaged photo; a small network and a photo for it."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing

from vtviz.engine import local
from vtviz.engine.local import LocalEngine
from vtviz.inputs import ImageInput, read_image
from vtviz.models.recurrent.model import VtvizRecurrent
from vtviz.models.recurrent.network import NetworkConfig as RecurrentSizes
from vtviz.models.recurrent.network import RecurrentNetwork
from vtviz.models.recurrent.vocabulary import Words
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.vocabulary import Vocabulary
from vtviz.paths import ASSETS

SIZES = NetworkConfig(
    image_size=64,
    width=16,
    heads=2,
    text_layers=1,
    fusion_blocks=2,
    joint_layers=1,
    caption_layers=2,
    caption_pieces=8,
    answer_layers=2,
    answers=2,
)


RECURRENT_WORDS = {"a": 9, "red": 5, "dog": 5, "runs": 3, "cat": 3, "skateboarder": 2}


@pytest.fixture(scope="session")
def cat_bytes() -> bytes:
    return (ASSETS / "samples" / "chelsea.jpg").read_bytes()


@pytest.fixture(scope="session")
def cat(cat_bytes: bytes) -> ImageInput:
    return read_image(cat_bytes)


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine("cpu")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def tiny() -> Iterator[VtvizBase]:
    """A small untrained vtviz-base: 4 × 4 patches, every target."""
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "skate", "##boarder", "runs"]
    tokenizer = Tokenizer(WordPiece({piece: i for i, piece in enumerate(names)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_truncation(64)  # as that of the shipped model
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FusionNetwork(SIZES)
        for module in network.modules():  # so that the norms of the deep backbone keep what they see
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None
        network.backbone(torch.randn(8, 3, 64, 64))
        assert network.caption is not None
        network.caption.pieces.copy_(torch.tensor([2, 3, 1, 4, 5, 6, 7, 8]))
    yield VtvizBase(network, tokenizer, "0" * 64, Vocabulary({}), 0.5, answers=("no", "yes"))


@pytest.fixture(scope="session")
def tiny_recurrent() -> VtvizRecurrent:
    """A small untrained vtviz-recurrent: 4 × 4 patches."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        words = Words(RECURRENT_WORDS)
        network = RecurrentNetwork(RecurrentSizes(len(words), word_width=12, width=16, heads=2, image_size=64, pool=1))
        for module in network.modules():  # so that the norms of the deep backbone keep what they see
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None
        network.backbone(torch.randn(8, 3, 64, 64))
    return VtvizRecurrent(network, words, "0" * 64, 0.5)


@pytest.fixture(scope="session")
def photo() -> ImageInput:
    return ImageInput(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8), "0" * 64)


@pytest.fixture
def tiny_engine(tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEngine]:
    """An engine whose only model is the small one."""
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    engine = LocalEngine("cpu")
    yield engine
    engine.close()
