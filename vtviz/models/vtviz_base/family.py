"""vtviz-base as a model: its tokenizer, preprocessing and weights around the network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor, nn

from vtviz.inputs import ImageInput, InputError, Tokens, check_text, group_pieces
from vtviz.models.attention import KeysValues
from vtviz.models.base import EncodedText, ModelError, ModelInfo, Target, TargetKind
from vtviz.models.record import Kind
from vtviz.models.recorder import Recording, record_attention
from vtviz.models.vtviz_base.backbone import to_pixels
from vtviz.models.vtviz_base.heads import CAPTION_PIECES
from vtviz.models.vtviz_base.network import Encoded, FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.vocabulary import Vocabulary
from vtviz.models.vtviz_base.weights import load_weights
from vtviz.paths import ASSETS

NAME = "vtviz-base"
FOLDER = ASSETS / "models" / NAME
FILES = ("model.safetensors", "config.json", "tokenizer.json", "vocabulary.json")
UNKNOWN = 2  # the caption piece that stands for all that cannot be written


class VtvizBase:
    """The project's own network, ready for photos and texts; its parameters take no gradients."""

    name = NAME
    text_offset = 1  # [CLS] stands before the first piece
    pad_id = 0
    caption_start, caption_end, caption_length = 0, 1, CAPTION_PIECES

    def __init__(
        self,
        network: FusionNetwork,
        tokenizer: Tokenizer,
        weights_sha256: str,
        vocabulary: Vocabulary,
        threshold: float,
        default_method: str = "attention_gradcam",
        default_layer: int = 0,
        answers: Sequence[str] = (),
        answer_threshold: float = 0.0,
    ) -> None:
        self.network = network.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.weights_sha256 = weights_sha256
        self.threshold = threshold
        self.default_method = default_method
        self.default_layer = default_layer
        self.vocabulary = vocabulary
        self.answers = tuple(answers)
        self.answer_threshold = answer_threshold
        self.token_embedding: nn.Module = network.text_tower.words
        self.targets = self._targets()

    @property
    def device(self) -> torch.device:
        return self.network.calibration.device

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

    def pixels(self, image: ImageInput) -> Tensor:
        """The whole frame, squashed to a square, ``[1, 3, size, size]`` in -1..1."""
        return to_pixels(image.to_pil(), self.network.config.image_size)[None].to(self.device)

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """Backbone features ``[batch, patches, channels]``, on the autograd graph."""
        return self.network.backbone(pixels)

    @torch.inference_mode()
    def encode_image(self, image: ImageInput) -> Tensor:
        """Backbone features ``[1, patches, channels]`` of the whole frame; they do not depend on the text."""
        return self.encode_pixels(self.pixels(image))

    def encode_texts(self, texts: Sequence[str]) -> EncodedText:
        """Texts for ``score``.

        Raises:
            InputError: if a text holds nothing to read.
        """
        encoded = self.tokenizer.encode_batch([check_text(text) for text in texts])
        return self._padded([each.ids for each in encoded])

    def keep_pieces(self, text: EncodedText, kept: Tensor) -> EncodedText:
        """One text (``ids [1, T]``) with only those pieces that ``kept [n, pieces]`` has True, as n texts."""
        ids = text.ids[0][text.mask[0]]
        ends = torch.ones(len(kept), 1, dtype=torch.bool)
        return self._padded([ids[row].tolist() for row in torch.cat([ends, kept.cpu(), ends], dim=1).to(ids.device)])

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        """The target ``[batch]`` of photo i (``features [batch, patches, channels]``) with text i.

        Raises:
            ValueError: for a target that the model does not have.
        """
        if target.kind not in self.targets:
            raise ValueError(f"`target` {target.kind} is not one of {', '.join(self.targets)}")
        count = max(len(features), len(text.ids))
        features = features.clone().expand(count, -1, -1)
        ids, mask = text.ids.expand(count, -1), text.mask.expand(count, -1)
        if target.kind == "caption":
            return self._piece_log_probability(features, ids, target.place)
        words, patches = self.network.encode_text(ids, mask), self.network.encode_patches(features)
        if target.kind == "match":
            return self.network.match(words, patches)
        if target.kind == "similarity":
            return self.network.paired_similarity(words, patches)
        assert self.network.answer is not None
        memory = self.network.answer.decoder.read(features, patches.tokens)
        return self.network.answer(memory, words.tokens, mask)[:, target.place]

    def match_logits(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """Calibrated match logit ``[batch]`` of photo i (``features [batch, patches, channels]``) with text i."""
        return self.network.match(self._encode(texts), self.network.encode_patches(features.clone()))

    @torch.inference_mode()
    def index_images(self, features: Tensor) -> Encoded:
        """Photos, ``features [images, patches, channels]``, ready for ``similarity``."""
        return self.network.encode_patches(features)

    @torch.inference_mode()
    def index_texts(self, texts: Sequence[str]) -> Encoded:
        """Texts ready for ``similarity``."""
        return self._encode(texts)

    @torch.inference_mode()
    def similarity(self, texts: Encoded, images: Encoded) -> Tensor:
        """Contrastive similarity ``[texts, images]``."""
        return self.network.similarity(texts, images)

    def unknown_words(self, words: Sequence[str]) -> tuple[int, ...]:
        """The places of words met less than ``KNOWN`` times in training."""
        return tuple(place for place, word in enumerate(words) if not self.vocabulary.knows(word))

    def caption_memory(self, features: Tensor) -> list[KeysValues]:
        """Keys and values of the patches for every layer of the caption head.

        Raises:
            InputError: if these weights have no caption head.
        """
        if self.network.caption is None:
            raise InputError("These weights write no captions.")
        features = features.clone()
        return self.network.caption.decoder.read(features, self.network.encode_patches(features).tokens)

    def caption_logits(self, memory: list[KeysValues], chosen: Tensor) -> Tensor:
        """Logits ``[texts, T, pieces]`` of the piece after each of ``chosen [texts, T]``."""
        assert self.network.caption is not None
        logits = self.network.caption(memory, chosen)
        logits[..., [self.caption_start, UNKNOWN]] = float("-inf")
        return logits

    def caption_tokens(self, chosen: Sequence[int]) -> Tokens:
        """The text that pieces spell, with a capital first letter."""
        assert self.network.caption is not None
        pieces = [str(self.tokenizer.id_to_token(int(self.network.caption.pieces[each]))) for each in chosen]
        text, spans = "", []
        for piece in pieces:
            joined = piece.startswith("##") or not piece[0].isalnum() or text.endswith(("-", "'"))
            start = len(text) + (0 if joined or not text else 1)
            text = text.ljust(start) + piece.removeprefix("##")
            spans.append((start, len(text)))
        return group_pieces(text[:1].upper() + text[1:], pieces, spans)

    def answer_logits(self, features: Tensor, questions: Sequence[str]) -> Tensor:
        """Calibrated logits ``[questions, answers]`` about one photo.

        Raises:
            InputError: if these weights have no answer head.
        """
        if self.network.answer is None:
            raise InputError("These weights answer no questions.")
        features = features.clone()
        memory = self.network.answer.decoder.read(features, self.network.encode_patches(features).tokens)
        text = self._encode(questions)
        return self.network.answer(memory, text.tokens, text.mask)

    def record(self, kinds: Collection[Kind]) -> AbstractContextManager[Recording]:
        """Records the network's attention inside the ``with``."""
        return record_attention(self.network, kinds)

    def _targets(self) -> tuple[TargetKind, ...]:
        writing: tuple[TargetKind, ...] = ("caption",) if self.network.caption is not None else ()
        answering: tuple[TargetKind, ...] = ("answer",) if self.network.answer is not None else ()
        return ("match", "similarity", *writing, *answering)

    def _piece_log_probability(self, features: Tensor, ids: Tensor, place: int) -> Tensor:
        """Of the piece at ``place`` of a caption, given those before it and the photo, ``[batch]``."""
        assert self.network.caption is not None
        number = {int(piece): number for number, piece in enumerate(self.network.caption.pieces)}
        rows = [[number.get(piece, UNKNOWN) for piece in row] for row in ids[:, : place + 2].tolist()]
        chosen = torch.tensor(rows, device=self.device)
        logits = self.caption_logits(self.caption_memory(features), chosen[:, :-1])[:, -1].float()
        return logits.log_softmax(dim=-1).gather(1, chosen[:, -1:])[:, 0]

    def _padded(self, rows: Sequence[Sequence[int]]) -> EncodedText:
        length = max(len(row) for row in rows)
        ids = [[*row, *[self.pad_id] * (length - len(row))] for row in rows]
        mask = [[t < len(row) for t in range(length)] for row in rows]
        return EncodedText(torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device))

    def _encode(self, texts: Sequence[str]) -> Encoded:
        text = self.encode_texts(texts)
        return self.network.encode_text(text.ids, text.mask)


def infos() -> list[ModelInfo]:
    """The shipped model."""
    available = all((FOLDER / name).is_file() for name in FILES)
    about = "Cross-attention both ways over 20 × 20 patches of the whole frame; English; runs on a CPU."
    return [ModelInfo(NAME, "vtviz base", about, "non-commercial research and education", available)]


def load(name: str, device: torch.device) -> VtvizBase | None:
    """The shipped model by its name, or one of your own training as ``vtviz-base@FOLDER``."""
    family, _, folder = name.partition("@")
    return load_folder(Path(folder) if folder else FOLDER, device) if family == NAME else None


def load_folder(folder: Path, device: torch.device | None = None) -> VtvizBase:
    """The model in a folder with ``model.safetensors``, ``config.json`` and ``tokenizer.json``.

    Raises:
        ModelError: if a file is missing or does not fit.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise ModelError(
            "The model folder {folder} lacks {files}; train the model or copy it there.",
            folder=folder.name,
            files=", ".join(missing),
        )
    weights = (folder / "model.safetensors").read_bytes()
    try:
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network = FusionNetwork(NetworkConfig(**described.pop("network")))
        network.load_state_dict(load_weights(weights))
        vocabulary = Vocabulary(json.loads((folder / "vocabulary.json").read_text(encoding="utf-8")))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        network.to(device or torch.device("cpu"))
        return VtvizBase(network, tokenizer, hashlib.sha256(weights).hexdigest(), vocabulary, **described)
    except (SafetensorError, RuntimeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ModelError(
            "The files in the model folder {folder} do not fit together or are damaged; copy them again.",
            folder=folder.name,
        ) from error
