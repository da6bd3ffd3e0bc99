"""vtviz-base as a model: its tokenizer, preprocessing and weights around the network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from vtviz.inputs import ImageInput, Tokens, check_text, group_pieces
from vtviz.models.vtviz_base.backbone import to_pixels
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig


class ModelError(RuntimeError):
    """A model that cannot be loaded; the message is one sentence that can be shown to the person who asked for it."""


class VtvizBase:
    """The project's own network, ready for photos and texts; its parameters take no gradients."""

    text_offset = 1  # [CLS] stands before the first piece

    def __init__(self, network: FusionNetwork, tokenizer: Tokenizer, threshold: float, weights_sha256: str) -> None:
        self.network = network.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.threshold = threshold
        self.weights_sha256 = weights_sha256

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return (self.network.config.side, self.network.config.side)

    def tokenize(self, text: str) -> Tokens:
        """The pieces of a text, without special tokens.

        Raises:
            InputError: if the text holds nothing to read.
        """
        text = check_text(text)
        encoded = self.tokenizer.encode(text)
        real = [i for i, special in enumerate(encoded.special_tokens_mask) if not special]
        pieces, spans = [encoded.tokens[i] for i in real], [encoded.offsets[i] for i in real]
        return group_pieces(text, pieces, spans, truncated=bool(encoded.overflowing))

    @torch.inference_mode()
    def encode_image(self, image: ImageInput) -> Tensor:
        """Backbone features ``[1, patches, channels]`` of the whole frame; they do not depend on the text."""
        return self.network.backbone(to_pixels(image.to_pil(), self.network.config.image_size)[None])

    def match_logits(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """Calibrated match logit ``[batch]`` of photo i (``features [batch, patches, channels]``) with text i."""
        encoded = self.tokenizer.encode_batch([check_text(text) for text in texts])
        length = max(len(each.ids) for each in encoded)
        ids = torch.tensor([each.ids + [0] * (length - len(each.ids)) for each in encoded])
        mask = torch.tensor([[t < len(each.ids) for t in range(length)] for each in encoded])
        text = self.network.encode_text(ids, mask)
        return self.network.match(text, self.network.encode_patches(features.clone()))


def load(folder: Path) -> VtvizBase:
    """The model in a folder with ``model.safetensors``, ``config.json`` and ``tokenizer.json``.

    Raises:
        ModelError: if a file is missing or does not fit.
    """
    weights = folder / "model.safetensors"
    missing = [name for name in (weights.name, "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if missing:
        raise ModelError(
            f"The model folder {folder.name} lacks {', '.join(missing)}; train the model or copy it there."
        )
    try:
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network = FusionNetwork(NetworkConfig(**described["network"]))
        network.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()})
    except (SafetensorError, RuntimeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelError(f"The files in the model folder {folder.name} do not fit together or are damaged.") from error
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return VtvizBase(network, tokenizer, described["threshold"], hashlib.sha256(weights.read_bytes()).hexdigest())
