"""CLIP, SigLIP and other dual encoders: two towers that meet in one cosine, with no cross-attention."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.inputs import Frame, ImageInput, Tokens
from vtviz.models.base import MATCH, EncodedText, ScoreKind, Target
from vtviz.models.open_clip.abilities import DUAL_ENCODER
from vtviz.models.open_clip.parts import Parts
from vtviz.models.open_clip.text import tokens_of
from vtviz.models.open_clip.towers.capture import record_towers
from vtviz.models.open_clip.towers.geometry import from_patches, to_patches
from vtviz.models.open_clip.towers.text_tower import TextTower, text_tower
from vtviz.models.open_clip.towers.vision import vision_tower
from vtviz.models.open_clip.towers.vision_tower import VisionTower
from vtviz.models.record import Kind
from vtviz.models.recorder import Change, Recorder, Recording
from vtviz.models.verdict import Bounds

BATCH = 16  # photos that run at a time where many are asked for


class OpenClipDualEncoder:
    """Two towers of open_clip, ready for photos and texts; its parameters take no gradients.

    ``features`` of a photo are the pixels of its patches: the image tower runs when a photo is scored, so a recorded
    score holds both towers' attention. A network trained with a sigmoid loss has a match probability; the match of
    others is the cosine of the two vectors. Neither stores a threshold: none was calibrated.
    """

    threshold: float | None = None
    bounds: Bounds | None = None
    attention_in_pixels = False  # features are pixels, and the image tower runs in every score
    default_method = "maskclip"
    default_layer = 0
    compared = frozenset[str]()  # a photo's vector says all
    keeps_match = True

    def __init__(self, parts: Parts) -> None:
        self.name, self.weights_sha256, self.notices = parts.name, parts.sha256, parts.notices
        self.network: Any = parts.network.eval().requires_grad_(False)
        self.reader = parts.reader
        self.vision: VisionTower = vision_tower(parts.network.get_submodule("visual"))
        self.text: TextTower = text_tower(self.network)
        self.preprocessing = replace(parts.preprocessing, covered=self.vision.covered)
        self.text_offset, self.pad_id = parts.reader.offset, parts.reader.pad_id
        self.image_offset = self.vision.offset
        self.score_kind: ScoreKind = "similarity" if self.network.logit_bias is None else "probability"
        self.abilities = DUAL_ENCODER
        self._recorded: frozenset[Kind] = frozenset()

    @property
    def device(self) -> torch.device:
        device: torch.device = self.network.logit_scale.device
        return device

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.vision.grid

    def frame(self, image: ImageInput) -> Frame:
        """The part of the photo that the patches cover."""
        return self.preprocessing.frame(image)

    def tokenize(self, text: str) -> Tokens:
        """The pieces of a text, without special tokens. Raises InputError where there is nothing to read."""
        return tokens_of(self.reader, text)

    def pixels(self, image: ImageInput) -> Tensor:
        """What the model sees, ``[1, 3, height, width]``."""
        return self.preprocessing.pixels(image).to(self.device)

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """The pixels of each patch, ``[batch, patches, 3 * height * width]``, on the autograd graph."""
        return to_patches(pixels, self.grid, self.vision.patch)

    @torch.inference_mode()
    def encode_image(self, image: ImageInput) -> Tensor:
        """The pixels of each patch of a photo, ``[1, patches, 3 * height * width]``."""
        return self.encode_pixels(self.pixels(image))

    def encode_texts(self, texts: Sequence[str]) -> EncodedText:
        """Texts for ``score``. Raises InputError where one holds nothing to read."""
        for text in texts:
            self.tokenize(text)
        return self._encoded([self.reader.read(text).ids for text in texts])

    def keep_pieces(self, text: EncodedText, kept: Tensor) -> EncodedText:
        """One text (``ids [1, T]``) with only those pieces that ``kept [n, pieces]`` has True, as n texts."""
        first = self.text_offset
        ids = text.ids[0, first : first + kept.shape[1]].cpu()
        return self._encoded([ids[row].tolist() for row in kept.cpu()])

    def embedding(self, target: Target) -> nn.Module:
        """The module that turns the ids of a text into vectors."""
        return self.text.words

    def readout(self, text: EncodedText, target: Target) -> Tensor:
        """How much the text's vector reads each position of the recorded text axis, ``[n, T]``."""
        return self.text.readout(text)

    @torch.inference_mode()
    def image_readout(self, features: Tensor) -> Tensor:
        """How much the photo's vector reads each position of the recorded image axis, ``[batch, offset + patches]``."""
        fixed = self.vision.fixed_readout()
        if fixed is not None:
            return fixed.to(self.device).expand(len(features), -1)
        with self._precision():
            return self.vision.readout(self.vision.tokens(self._pixels(features)))

    def layer_similarities(self, features: Tensor, text: EncodedText) -> tuple[Tensor, list[Tensor]]:
        """The cosine ``[batch]``, and for each layer of the image tower what it would be if the tower ended there.

        The gradient of each of the latter passes through its own layer alone, that of the former through the text
        tower alone.
        """
        with self._precision(), self.vision.layer_outputs() as outputs:
            last = self.vision.tokens(self._pixels(once(features)))
            vectors = [self.vision.pooled(last).detach(), *(self.vision.ended(tokens) for tokens in outputs)]
        texts = self._text_vectors(self._ids(features, text))
        whole, *ended = [(F.normalize(vector.float(), dim=-1) * texts).sum(dim=-1) for vector in vectors]
        return whole, ended

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        """The match or the cosine ``[batch]`` of photo i with text i. A single photo or text is taken for all.

        Raises:
            ValueError: for a target that the model does not have.
        """
        if target.kind not in self.abilities.kinds:
            raise ValueError(f"`target` {target.kind} is not one of {', '.join(self.abilities.kinds)}")
        cosine = self._cosine(features, text)
        return self._matched(cosine) if target.kind == "match" else cosine

    def match_logits(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """The match ``[batch]``: a logit where the model has one, else the cosine."""
        return self.score(features, self.encode_texts(texts), MATCH)

    @torch.inference_mode()
    def index_images(self, features: Tensor) -> Tensor:
        """Unit vectors ``[images, channels]`` of photos."""
        return torch.cat([self._image_vectors(batch) for batch in features.split(BATCH)])

    @torch.inference_mode()
    def index_texts(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors ``[texts, channels]``."""
        return self._text_vectors(self.encode_texts(texts).ids)

    @torch.inference_mode()
    def similarity(self, texts: Tensor, images: Tensor) -> Tensor:
        """Cosines ``[texts, images]``."""
        return texts @ images.T

    def search_vectors(self, indexed: Tensor) -> Tensor:
        """The unit vectors of texts or photos, ``[n, channels]``."""
        return indexed

    def photo_parts(self, photos: Tensor) -> dict[str, Tensor]:
        """None beside the vectors."""
        return {}

    def from_parts(self, vectors: Tensor, parts: Mapping[str, Tensor]) -> Tensor:
        """The unit vectors of photos."""
        return vectors

    def match_indexed(self, texts: Tensor, photos: Tensor) -> Tensor:
        """The match ``[n]`` of text i, or of the only one, with photo i."""
        return self._matched((texts * photos).sum(dim=-1))

    def unknown_words(self, words: Sequence[str]) -> tuple[int, ...]:
        """None: what these models met in training is not published word by word."""
        return ()

    def word_vectors(self, text: EncodedText) -> Tensor:
        """The vector that each word would have as a text of its own, at each of its pieces, ``[n, T, channels]``, of
        unit length. Special tokens have that of the whole text.

        These networks were trained to give one vector per text; what they hold at a single position was never compared.
        """
        by_position = self._text_vectors(text.ids)[:, None].repeat(1, text.ids.shape[1], 1)
        first = self.text_offset
        for row, count in zip(range(len(text.ids)), text.mask.sum(dim=1).tolist(), strict=True):
            pieces = text.ids[row, first : first + count - self.reader.special].tolist()
            starts = self.reader.starts(pieces)
            words = [pieces[a:b] for a, b in zip(starts, [*starts[1:], len(pieces)], strict=True)]
            vectors = self._text_vectors(self._encoded(words).ids)
            for start, word, vector in zip(starts, words, vectors, strict=True):
                by_position[row, first + start : first + start + len(word)] = vector
        return by_position

    def patch_vectors(self, features: Tensor) -> Tensor:
        """What the photo's vector would be if each patch stood alone, ``[batch, patches, channels]``, unit length."""
        with self._precision():
            return F.normalize(self.vision.patches(self.vision.tokens(self._pixels(features))).float(), dim=-1)

    def surgery_vectors(self, features: Tensor) -> Tensor:
        """The same after value–value attention, ``[batch, patches, channels]``."""
        with self._precision():
            return F.normalize(self.vision.patches(self.vision.surgery_tokens(self._pixels(features))).float(), dim=-1)

    @contextmanager
    def record(self, kinds: Collection[Kind], change: Change | None = None) -> Iterator[Recording]:
        """Records the attention of both towers inside the ``with``, and lets ``change`` replace it.

        The image tower runs once where all photos are the same, and so does a text tower that is not recorded where all
        texts are; layers and what ``change`` gets then have a batch of 1. Attentional poolers are neither recorded nor
        changed.
        """
        with record_towers(self.network, self._recorder(kinds, change)) as recording:
            before, self._recorded = self._recorded, frozenset(kinds)
            try:
                yield recording
            finally:
                self._recorded = before

    def _recorder(self, kinds: Collection[Kind], change: Change | None) -> Recorder:
        return Recorder(kinds, change)

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def _cosine(self, features: Tensor, text: EncodedText) -> Tensor:
        vectors, ids = self._image_vectors(once(features)), self._ids(features, text)
        return (vectors * self._text_vectors(ids)).sum(dim=-1).expand(max(len(features), len(ids)))

    def _ids(self, features: Tensor, text: EncodedText) -> Tensor:
        """The ids of texts; of a single one, where it is recorded, a row for each photo."""
        count = max(len(features), len(text.ids))
        return text.ids.expand(count, -1) if "text" in self._recorded else text.ids

    def _image_vectors(self, features: Tensor) -> Tensor:
        with self._precision():
            return F.normalize(self.vision.vector(self._pixels(features)).float(), dim=-1)

    def _text_vectors(self, ids: Tensor) -> Tensor:
        with self._precision():
            return F.normalize(self.text.vector(ids).float(), dim=-1)

    def _matched(self, cosine: Tensor) -> Tensor:
        if self.score_kind == "similarity":
            return cosine
        logit: Tensor = self.network.logit_scale.exp() * cosine + self.network.logit_bias
        return logit

    def _pixels(self, features: Tensor) -> Tensor:
        return from_patches(features, self.grid, self.vision.patch, self.vision.size)

    def _encoded(self, ids: Sequence[Sequence[int]]) -> EncodedText:
        rows = [self.reader.row(pieces) for pieces in ids]
        length = max(real for _, real in rows) if self.text.shortens else self.reader.length
        mask = [[index < real for index in range(length)] for _, real in rows]
        return EncodedText(
            torch.tensor([row[:length] for row, _ in rows], device=self.device), torch.tensor(mask, device=self.device)
        )


def once(features: Tensor) -> Tensor:
    """Features, in a single row where all are the same."""
    rows = features[:1] if len(features) == 1 or features.stride(0) == 0 else features
    return rows.clone() if rows.is_inference() else rows
