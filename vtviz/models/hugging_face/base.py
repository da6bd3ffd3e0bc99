"""What all models of transformers share whose words meet the photo inside the network."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from vtviz.inputs import Frame, ImageInput, Tokens
from vtviz.models.base import MATCH, Abilities, EncodedText, ScoreKind, Target
from vtviz.models.hugging_face.abilities import ARCHITECTURES
from vtviz.models.hugging_face.attention import Place, record_network
from vtviz.models.hugging_face.parts import Parts
from vtviz.models.hugging_face.text import TransformersReader
from vtviz.models.open_clip.text import tokens_of
from vtviz.models.open_clip.towers.geometry import from_patches, to_patches
from vtviz.models.record import Kind
from vtviz.models.recorder import Change, Recorder, Recording
from vtviz.models.verdict import Bounds


class TransformersModel:
    """A network of transformers, ready for photos and texts; its parameters take no gradients.

    ``features`` of a photo are the pixels of its patches: the image tower runs when a photo is scored, so a recorded
    score holds all attention. Nothing is stored that was calibrated.

    Args:
        parts: what loading found.
        grid: rows and columns of patches.
        patch: height and width of one, in pixels of the input.
        size: the input's height and width.
        length: the most tokens of a text.
    """

    threshold: float | None = None
    bounds: Bounds | None = None
    attention_in_pixels = False
    default_method = "attention_gradcam"
    default_layer = 0
    image_offset = 1  # the class token of the image
    score_kind: ScoreKind = "probability"
    records_tower = True  # whether the image tower's own attention is among the layers

    def __init__(
        self, parts: Parts, grid: tuple[int, int], patch: tuple[int, int], size: tuple[int, int], length: int
    ) -> None:
        self.name, self.weights_sha256, self.notices = parts.name, parts.sha256, parts.notices
        self.network: Any = parts.network
        self.abilities: Abilities = ARCHITECTURES[parts.architecture].abilities
        self.preprocessing = parts.preprocessing
        self._fit(grid, patch, size)
        self.reader = TransformersReader(parts.tokenizer, length)
        self.text_offset, self.pad_id = self.reader.offset, self.reader.pad_id
        self._recorded: frozenset[Kind] = frozenset()

    @property
    def device(self) -> torch.device:
        device: torch.device = self.network.device
        return device

    @property
    def words(self) -> nn.Module:
        """The module that turns ids into vectors."""
        raise NotImplementedError

    def layers(self) -> Mapping[str, Place]:
        """The modules whose attention is recorded, by name, and what attends to what in each."""
        raise NotImplementedError

    def run(self, pixels: Tensor, text: EncodedText, target: Target) -> Tensor:
        """The target ``[batch]`` of photos ``pixels [batch or 1, 3, H, W]`` with as many texts."""
        raise NotImplementedError

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
        return to_patches(pixels, self.grid, self.patch)

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
        return self.words

    def readout(self, text: EncodedText, target: Target) -> Tensor:
        """The class token, ``[n, T]``."""
        return torch.nn.functional.one_hot(torch.zeros_like(text.ids[:, 0]), text.ids.shape[1]).float()

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        """The target ``[batch]`` of photo i with text i. A single photo or text is taken for all.

        Raises:
            ValueError: for a target that the model does not have.
        """
        if target.kind not in self.abilities.kinds:
            raise ValueError(f"`target` {target.kind} is not one of {', '.join(self.abilities.kinds)}")
        count = max(len(features), len(text.ids))
        text = EncodedText(text.ids.expand(count, -1), text.mask.expand(count, -1))
        values = self.run(self._pixels(self._for(count, features)), text, target)
        return values.float().expand(count)

    def match_logits(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """The match ``[batch]`` of photo i with text i; see ``score_kind``."""
        return self.score(features, self.encode_texts(texts), MATCH)

    def index_images(self, features: Tensor) -> Any:
        """Photos for ``similarity``: the pixels of their patches."""
        return features

    def index_texts(self, texts: Sequence[str]) -> Any:
        """Texts for ``similarity``."""
        return self.encode_texts(texts)

    @torch.inference_mode()
    def similarity(self, texts: Any, images: Any) -> Tensor:
        """The match of every text with every photo, ``[texts, images]``."""
        return torch.stack([self.score(photo[None], texts, MATCH) for photo in images], dim=1)

    def unknown_words(self, words: Sequence[str]) -> tuple[int, ...]:
        """None: what these models met in training is not published word by word."""
        return ()

    @contextmanager
    def record(self, kinds: Collection[Kind], change: Change | None = None) -> Iterator[Recording]:
        """Records the attention of the network inside the ``with``, and lets ``change`` replace it.

        The image tower runs once where all photos are the same and it is not recorded; ``change`` then gets a batch of
        1.
        """
        with record_network(self.network, self._recorder(kinds, change), self.layers()) as recording:
            before, self._recorded = self._recorded, frozenset(kinds)
            try:
                yield recording
            finally:
                self._recorded = before

    def _show_layer(self, layer: int, count: int) -> None:
        """Makes this text→image layer of ``count`` the default, or the last but one where that comes first: where the
        target reads a single position, no other row of the last layer moves it, and the words' maps would be empty."""
        self.default_layer = max(0, min(layer, count - 2))

    def _fit(self, grid: tuple[int, int], patch: tuple[int, int], size: tuple[int, int]) -> None:
        """Takes photos of this size in pixels from now on."""
        self.grid, self.patch, self.size = grid, patch, size
        covered = (grid[0] * patch[0], grid[1] * patch[1])
        self.preprocessing = replace(self.preprocessing, size=size, covered=covered)

    def _recorder(self, kinds: Collection[Kind], change: Change | None) -> Recorder:
        return Recorder(kinds, change)

    def _precision(self) -> AbstractContextManager[Any]:
        wide = next(self.network.parameters()).dtype == torch.float32
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda" and wide)

    def _for(self, count: int, features: Tensor) -> Tensor:
        """Features for ``count`` texts; a single row where all are the same and the image tower is not recorded."""
        rows = features[:1] if len(features) == 1 or features.stride(0) == 0 else features
        rows = rows.clone() if rows.is_inference() else rows
        return rows.expand(count, -1, -1) if self.records_tower and "image" in self._recorded else rows

    def _pixels(self, features: Tensor) -> Tensor:
        pixels = from_patches(features, self.grid, self.patch, self.size)
        return pixels.to(next(self.network.parameters()).dtype)

    def _encoded(self, ids: Sequence[Sequence[int]]) -> EncodedText:
        rows = [self.reader.row(pieces) for pieces in ids]
        length = max(real for _, real in rows)
        mask = [[index < real for index in range(length)] for _, real in rows]
        return EncodedText(
            torch.tensor([row[:length] for row, _ in rows], device=self.device), torch.tensor(mask, device=self.device)
        )
