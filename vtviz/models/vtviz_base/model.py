"""vtviz-base as a model: its tokenizer, preprocessing and weights around the network."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from vtviz.chinese import Language
from vtviz.inputs import WHOLE_FRAME, Frame, ImageInput, InputError, Tokens, check_text, group_pieces
from vtviz.models.attention import KeysValues
from vtviz.models.base import EncodedText, ScoreKind, Target
from vtviz.models.record import Kind
from vtviz.models.recorder import Change, Recording, record_attention
from vtviz.models.verdict import Bounds
from vtviz.models.vtviz_base.abilities import abilities
from vtviz.models.vtviz_base.backbone import to_pixels
from vtviz.models.vtviz_base.captions import END, STARTS, UNKNOWN, caption_inputs, number_pieces, spell
from vtviz.models.vtviz_base.heads import CAPTION_PIECES
from vtviz.models.vtviz_base.network import Encoded, FusionNetwork
from vtviz.models.vtviz_base.search import KeptPhotos
from vtviz.models.vtviz_base.vocabulary import Vocabulary

NAME = "vtviz-base"


class VtvizBase(KeptPhotos):
    """The project's own network, ready for photos and texts; its parameters take no gradients."""

    name = NAME
    score_kind: ScoreKind = "probability"
    notices: tuple[str, ...] = ()
    text_offset = 1  # [CLS] stands before the first piece
    image_offset = 0
    attention_in_pixels = False  # its backbone is convolutional
    pad_id = 0
    caption_end, caption_length = END, CAPTION_PIECES

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
        caption_languages: Sequence[Language] = ("en",),
        bounds: Sequence[float] | None = None,
    ) -> None:
        self.network = network.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.tokenizer.encode_special_tokens = True  # "[SEP]" in a text is text
        self.weights_sha256 = weights_sha256
        self.threshold: float | None = threshold
        self.bounds = None if bounds is None else Bounds(*bounds)
        self.default_method = default_method
        self.default_layer = default_layer
        self.vocabulary = vocabulary
        self.answers = tuple(answers)
        self.answer_threshold = answer_threshold
        self.caption_starts = {language: STARTS[language] for language in caption_languages}
        self.abilities = abilities(network.caption is not None, network.answer is not None)

    @property
    def device(self) -> torch.device:
        return self.network.calibration.device

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return (self.network.config.side, self.network.config.side)

    def frame(self, image: ImageInput) -> Frame:
        """The whole photo."""
        return WHOLE_FRAME

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
        return self._padded([item.ids for item in encoded])

    def keep_pieces(self, text: EncodedText, kept: Tensor) -> EncodedText:
        """One text (``ids [1, T]``) with only those pieces that ``kept [n, pieces]`` has True, as n texts."""
        ids = text.ids[0][text.mask[0]]
        ends = torch.ones(len(kept), 1, dtype=torch.bool)
        return self._padded([ids[row].tolist() for row in torch.cat([ends, kept.cpu(), ends], dim=1).to(ids.device)])

    def embedding(self, target: Target) -> nn.Module:
        """The module that turns the ids of a text into vectors when a target is scored."""
        if target.kind != "caption":
            return self.network.text_tower.words
        assert self.network.caption is not None
        return self.network.caption.words

    def readout(self, text: EncodedText, target: Target) -> Tensor:
        """[CLS] for match and answer, all tokens alike for the similarity, the last input of a caption, ``[n, T]``."""
        length = text.ids.shape[1]
        if target.kind == "similarity":
            return text.mask / text.mask.sum(dim=1, keepdim=True)
        if target.kind != "caption":
            return nn.functional.one_hot(torch.zeros_like(text.ids[:, 0]), length).float()
        last = caption_inputs(text, target.place)
        return nn.functional.one_hot(last, int(last.max()) + 1).float()

    def word_vectors(self, text: EncodedText) -> Tensor:
        """The contrastive vector of each token of the text, ``[n, T, width]``."""
        return self.network.encode_text(text.ids, text.mask).local

    def patch_vectors(self, features: Tensor) -> Tensor:
        """The contrastive vector of each patch, ``[batch, patches, width]``."""
        return self.network.encode_patches(features.clone()).local

    def surgery_vectors(self, features: Tensor) -> Tensor:
        """The same with value–value attention in the image layer and without its feed-forward."""
        return self.network.surgery_patches(features.clone())

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        """The target ``[batch]`` of photo i (``features [batch, patches, channels]``) with text i.

        Raises:
            ValueError: for a target that the model does not have.
        """
        if target.kind not in self.abilities.kinds:
            raise ValueError(f"`target` {target.kind} is not one of {', '.join(self.abilities.kinds)}")
        count = max(len(features), len(text.ids))
        features = features.clone().expand(count, -1, -1)
        ids, mask = text.ids.expand(count, -1), text.mask.expand(count, -1)
        if target.kind == "caption":
            return self._piece_log_probability(features, EncodedText(ids, mask), target.place)
        words, patches = self.network.encode_text(ids, mask), self.network.encode_patches(features)
        if target.kind == "match":
            return self.network.match(words, patches)
        if target.kind == "similarity":
            return self.network.paired_similarity(words, patches)
        assert self.network.answer is not None
        for place in (target.place, target.against or 0):
            if not 0 <= place < len(self.answers):
                raise InputError(
                    "There is no answer {place}: answer numbers start at 0 and stay below {count}.",
                    place=place,
                    count=len(self.answers),
                )
        memory = self.network.answer.decoder.read(features, patches.tokens)
        logits = self.network.answer(memory, words.tokens, mask)
        return logits[:, target.place] - (0.0 if target.against is None else logits[:, target.against])

    def match_logits(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """Calibrated match logit ``[batch]`` of photo i (``features [batch, patches, channels]``) with text i."""
        return self.network.match(self._encode(texts), self.network.encode_patches(features.clone()))

    @torch.inference_mode()
    def match_parts(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """The parts ``[batch, 2]`` of the match logit of photo i with text i: fused, and similarity."""
        return torch.stack(self.network.match_parts(self._encode(texts), self.network.encode_patches(features)), dim=1)

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
        """The indices of words met fewer than ``KNOWN`` times in training."""
        return tuple(index for index, word in enumerate(words) if not self.vocabulary.knows(word))

    def caption_memory(self, features: Tensor) -> list[KeysValues]:
        """Keys and values of the patches for every layer of the caption head.

        Raises:
            InputError: if these weights have no caption head.
        """
        if self.network.caption is None:
            raise InputError("These weights do not write captions; choose another model.")
        features = features.clone()
        return self.network.caption.decoder.read(features, self.network.encode_patches(features).tokens)

    def caption_logits(self, memory: list[KeysValues], chosen: Tensor) -> Tensor:
        """Logits ``[texts, T, pieces]`` of the piece after each of ``chosen [texts, T]``."""
        assert self.network.caption is not None
        logits = self.network.caption(memory, chosen)
        logits[..., [UNKNOWN, *self.caption_starts.values()]] = float("-inf")
        return logits

    @torch.inference_mode()
    def caption_following(self, memory: list[KeysValues], chosen: Tensor) -> Tensor:
        """Logits ``[texts, pieces]`` of the piece after the whole of each of ``chosen [texts, T]``."""
        return self.caption_logits(memory, chosen)[:, -1]

    def caption_tokens(self, chosen: Sequence[int]) -> Tokens:
        """The text that pieces spell, with a capital first letter."""
        assert self.network.caption is not None
        pieces = [str(self.tokenizer.id_to_token(int(self.network.caption.pieces[number]))) for number in chosen]
        return spell(pieces)

    def answer_logits(self, features: Tensor, questions: Sequence[str]) -> Tensor:
        """Calibrated logits ``[questions, answers]`` about one photo.

        Raises:
            InputError: if these weights have no answer head.
        """
        if self.network.answer is None:
            raise InputError("These weights do not answer questions; choose another model.")
        features = features.clone()
        memory = self.network.answer.decoder.read(features, self.network.encode_patches(features).tokens)
        text = self._encode(questions)
        return self.network.answer(memory, text.tokens, text.mask)

    def record(self, kinds: Collection[Kind], change: Change | None = None) -> AbstractContextManager[Recording]:
        """Records the network's attention inside the ``with``, and lets ``change`` replace it."""
        return record_attention(self.network, kinds, change)

    def _piece_log_probability(self, features: Tensor, text: EncodedText, index: int) -> Tensor:
        """Of piece ``index`` of each caption, given those before it and the photo, ``[batch]``.

        Raises:
            InputError: if the caption has no such piece, or the model cannot write it.
        """
        assert self.network.caption is not None
        last = caption_inputs(text, index)
        chosen = number_pieces(self.network.caption, text, last)
        logits = self.caption_logits(self.caption_memory(features), chosen[:, :-1]).float()
        logits = logits[torch.arange(len(last), device=self.device), last]
        return logits.log_softmax(dim=-1).gather(1, chosen.gather(1, last[:, None] + 1))[:, 0]

    def _padded(self, rows: Sequence[Sequence[int]]) -> EncodedText:
        length = max(len(row) for row in rows)
        ids = [[*row, *[self.pad_id] * (length - len(row))] for row in rows]
        mask = [[t < len(row) for t in range(length)] for row in rows]
        return EncodedText(torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device))

    def _encode(self, texts: Sequence[str]) -> Encoded:
        text = self.encode_texts(texts)
        return self.network.encode_text(text.ids, text.mask)
