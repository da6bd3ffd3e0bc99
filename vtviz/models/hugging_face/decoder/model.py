"""A decoder whose language model attends to the photo's tokens among its own."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.chinese import Language
from vtviz.inputs import ImageInput, Tokens
from vtviz.models.base import EncodedText, ModelError, Target, Turn
from vtviz.models.hugging_face.attention import Place
from vtviz.models.hugging_face.base import TransformersModel
from vtviz.models.hugging_face.decoder.layout import MOST, Layout, Source
from vtviz.models.hugging_face.decoder.layouts import layout_of
from vtviz.models.hugging_face.decoder.passage import Passage
from vtviz.models.hugging_face.decoder.prompts import DecoderReader, Prompt, Prompter
from vtviz.models.hugging_face.loading.files import described
from vtviz.models.hugging_face.parts import Parts
from vtviz.models.hugging_face.writing import CAPTION_LENGTH, Memory, spell, written_from
from vtviz.models.joined import Joined
from vtviz.models.record import Kind
from vtviz.models.recorder import Change, RecordedLayer, Recorder

LENGTH = 512  # tokens of a text
TALK_LENGTH = 2048  # of a conversation, beside those of the photo
PROJECTIONS = {"q_proj", "qkv_proj"}  # of a module that attends
REPLY_LENGTH = 160  # tokens that a reply may have


class Words(nn.Module):
    """The embedding of a text's pieces alone, which stand among those of the prompt and the photo."""

    def __init__(self, embedding: nn.Module) -> None:
        super().__init__()
        self._inner = (embedding,)  # a part of the network, not of this module

    def forward(self, ids: Tensor) -> Tensor:
        out: Tensor = self._inner[0](ids)
        return out


class DecoderModel(TransformersModel):
    """A photo, a prompt and a text in one causal sequence.

    The match asks whether the text fits: the logit of "yes" less that of "no", both in any spelling. A caption's piece
    has its log-probability as an answer to a request for a caption. On the recorded text axis the text's pieces stand
    first, then the rest of the prompt; on the image axis the tokens of the overview stand before the patches.

    As loaded, it scales any photo to the same square input; ``for_photo`` gives a photo the tiles or the grid that the
    library's own processor would.
    """

    caption_length = CAPTION_LENGTH
    records_tower = False

    def __init__(self, parts: Parts) -> None:
        config = parts.network.config
        settings = described(parts.folder, ("preprocessor_config.json", "processor_config.json"))
        settings = settings.get("image_processor", settings)
        index, most = int(config.image_token_id), parts.patches or MOST
        if not 0 <= index < len(parts.tokenizer):
            raise ModelError(
                "The image token of {name} ({index}) is not in its tokenizer; correct image_token_id in config.json, "
                "or download the tokenizer again.",
                name=parts.shown,
                index=index,
            )
        self._source = Source(config, parts.tokenizer, settings, grid=parts.grid, most=most)
        layout = layout_of(self._source)
        super().__init__(parts, layout.grid, layout.patch, layout.size, LENGTH)
        self.tokenizer, self.reader = parts.tokenizer, DecoderReader(parts.tokenizer, LENGTH)
        self.text_offset, self.pad_id = 0, self.reader.pad_id
        self._words = Words(self.network.get_input_embeddings())
        self._take(layout)
        self.image_token = index
        count = int(config.text_config.num_hidden_layers)
        self._show_layer(count // 2, count)
        ends = self.network.generation_config.eos_token_id
        self._ends = [ends] if isinstance(ends, int) else list(ends or [int(self.tokenizer.eos_token_id)])
        self.caption_end = int(self._ends[0])
        self._joined: Joined | None = None
        self._rows: int | None = None  # of the text axis that are recorded; None for all
        self._names = [
            name
            for name, module in self.network.named_modules()
            if PROJECTIONS & module._modules.keys() and ("language_model." in name or "text_model." in name)
        ]
        if not self._names:
            kind = config.text_config.model_type
            raise ModelError(
                "vtviz cannot read the attention of the language model {kind} of {name}; choose another model.",
                kind=kind,
                name=parts.shown,
            )

    def for_photo(self, image: ImageInput) -> DecoderModel:
        """This model with the input that suits the shape of a photo: the same network, another grid."""
        layout = layout_of(replace(self._source, photo=(image.height, image.width)))
        if layout == self.layout:
            return self
        other = copy.copy(self)
        other._take(layout)
        return other

    def _take(self, layout: Layout) -> None:
        """Arranges photos so from now on."""
        self.layout, self.image_offset = layout, layout.offset
        self._fit(layout.grid, layout.patch, layout.size)
        self._prompter = prompter = Prompter(self.tokenizer, layout)
        self._match, self._caption = prompter.match(), prompter.caption()
        self._yes, self._no = prompter.yes_and_no()
        self.caption_starts: dict[Language, int] = {"en": self._caption.before[-1]}

    def replying(self, prompt: str, earlier: Sequence[Turn] = ()) -> DecoderModel:
        """This model, whose captions are replies to a prompt, after what was said earlier.

        Raises:
            InputError: if the prompt holds nothing to read, or the conversation is too long for the model.
        """
        other = copy.copy(self)
        other._caption = self._prompter.reply(prompt, earlier, TALK_LENGTH)
        other.caption_starts, other.caption_length = {"en": other._caption.before[-1]}, REPLY_LENGTH
        return other

    @property
    def words(self) -> nn.Module:
        return self._words

    def layers(self) -> Mapping[str, Place]:
        def joined() -> Joined:
            assert self._joined is not None
            return self._joined

        return dict.fromkeys(self._names, joined)

    def readout(self, text: EncodedText, target: Target) -> Tensor:
        """The last token of the prompt for the match; for a caption piece the token it is written from."""
        count = text.ids.shape[1]
        if target.kind == "match":
            prompt = len(self._match.before) + len(self._match.after) - self._photo_tokens()
            return F.one_hot(torch.full_like(text.ids[:, 0], count + prompt - 1), count + prompt).float()
        prompt = len(self._caption.before) - self._photo_tokens()
        piece = written_from(text, target.place, 0)
        count = int(piece.max())
        position = torch.where(piece > 0, piece - 1, count + prompt - 1)
        return F.one_hot(position, count + prompt).float()

    def run(self, pixels: Tensor, text: EncodedText, target: Target) -> Tensor:
        with self._precision():
            photo = self._photo(pixels).expand(len(text.ids), -1, -1)
            if target.kind == "match":
                logits = self._logits(photo, self._match, text, keep=1)[:, -1].float()
                yes, no = (logits[:, ids].logsumexp(dim=-1) for ids in (self._yes, self._no))
                return yes - no
            piece = written_from(text, target.place, 0)
            length = int(piece.max())
            before = EncodedText(text.ids[:, :length], text.mask[:, :length])
            logits = self._logits(photo, self._caption, before, keep=length + 1).float()
        rows = torch.arange(len(piece), device=self.device)
        written = logits[rows, piece].log_softmax(dim=-1)
        wanted: Tensor = written.gather(1, text.ids.gather(1, piece[:, None]))[:, 0]
        return wanted

    def caption_memory(self, features: Tensor) -> Memory:
        """What the language model reads of one photo, ``features [1, patches, channels]``."""
        features = features.clone() if features.is_inference() else features
        with self._precision():
            return Memory(self._photo(self._pixels(features)))

    def caption_logits(self, memory: Memory, chosen: Tensor) -> Tensor:
        """Logits ``[texts, T, pieces]`` of the piece after each of ``chosen [texts, T]``, whose first is the end of the
        prompt."""
        pieces = chosen[:, 1:]
        self._rows = chosen.shape[1]
        text = EncodedText(pieces, torch.ones_like(pieces, dtype=torch.bool))
        try:
            with self._precision():
                photo = memory.photo.expand(len(chosen), -1, -1)
                return self._writable(self._logits(photo, self._caption, text, keep=chosen.shape[1]))
        finally:
            self._rows = None

    @torch.inference_mode()
    def caption_following(self, memory: Memory, chosen: Tensor) -> Tensor:
        """Logits ``[texts, pieces]`` of the piece after the whole of each of ``chosen [texts, T]``."""
        pieces = chosen[:, 1:]
        text = EncodedText(pieces, torch.ones_like(pieces, dtype=torch.bool))
        photo = memory.photo.expand(len(chosen), -1, -1)
        passage, more = self._passage(photo, self._caption, text), memory.continued(chosen)
        with self._precision():
            answer = self.decode(passage.last() if more else passage, keep=1, cache=memory.cache, use_cache=True)
        memory.cache = answer.cache
        return self._writable(answer.logits)[:, -1]

    def caption_tokens(self, chosen: Sequence[int]) -> Tokens:
        """The text that pieces spell."""
        return spell(self.tokenizer, chosen)

    def _recorder(self, kinds: Collection[Kind], change: Change | None) -> Recorder:
        return Recorder(kinds, change, self._cut)

    def _cut(self, layer: RecordedLayer) -> RecordedLayer:
        """While captions are written, text→image layers are those of the written pieces alone."""
        if self._rows is None or layer.kind != "text→image":
            return layer
        return replace(layer, weights=layer.weights[:, :, : self._rows])

    def _photo(self, pixels: Tensor) -> Tensor:
        """The photo's tokens ``[batch, n, width]`` for the language model, in the network's order."""
        pictures = self.layout.pictures(pixels)
        empty = (pictures == 0).flatten(2).all(dim=2)[..., None, None, None]
        pictures = torch.where(empty, torch.full_like(pictures, 1e-6), pictures)  # Idefics drops a picture of zeros
        if self.network.config.model_type in ("idefics3", "smolvlm"):
            return torch.stack(list(self.network.get_image_features(pixel_values=pictures).pooler_output))
        found = torch.stack(list(self.network.get_image_features(pixel_values=pictures.flatten(0, 1)).pooler_output))
        return found.unflatten(0, pictures.shape[:2]).flatten(1, 2)

    def _logits(self, photo: Tensor, prompt: Prompt, text: EncodedText, keep: int) -> Tensor:
        """Logits ``[n, keep, pieces]`` after the last tokens of the sequence."""
        self._joined = self._places(prompt, text.ids.shape[1])
        logits: Tensor = self.decode(self._passage(photo, prompt, text), keep, use_cache=False).logits
        return logits

    def decode(self, passage: Passage, keep: int, **cache: Any) -> Any:
        """What the network answers to a sequence: its logits ``[n, keep, pieces]`` after the last tokens, and its
        cache."""
        types = {} if passage.types is None else {"token_type_ids": passage.types}
        return self.network(
            inputs_embeds=passage.vectors,
            attention_mask=passage.mask,
            position_ids=passage.positions,
            logits_to_keep=keep,
            **types,
            **cache,
        )

    def _passage(self, photo: Tensor, prompt: Prompt, text: EncodedText) -> Passage:
        """The sequence that the language model reads."""
        count, embed = len(text.ids), self.network.get_input_embeddings()
        before, after = (
            torch.tensor(ids, device=self.device, dtype=torch.long)[None] for ids in (prompt.before, prompt.after)
        )
        first = embed(before).expand(count, -1, -1)
        spots = (before[0] == self.image_token).nonzero()[:, 0]
        if photo.shape[1] != len(spots):
            raise ModelError(
                "The image encoder of {name} gives {found} tokens of a photo instead of {wanted}, so they cannot be "
                "laid back on it; choose another model.",
                name=self.name,
                found=photo.shape[1],
                wanted=len(spots),
            )
        width = first.shape[-1]
        first = first.index_copy(1, spots, photo[..., :width].to(first.dtype))
        vectors = torch.cat([first, self._words(text.ids).to(first.dtype), embed(after).expand(count, -1, -1)], dim=1)
        real = [torch.ones(count, part.shape[1], device=self.device, dtype=torch.long) for part in (before, after)]
        mask = torch.cat([real[0], text.mask.long(), real[1]], dim=1)
        positions = self.layout.positions(mask, int(spots[0]))
        return Passage(vectors, mask, positions, self._types(mask, spots, prompt), spots, photo[..., width:])

    def _types(self, mask: Tensor, spots: Tensor, prompt: Prompt) -> Tensor | None:
        """What tells the network which tokens attend to those after them, ``[n, T]``."""
        if self.layout.ahead == "none":
            return None
        types = torch.zeros_like(mask)
        if self.layout.ahead == "photo":
            types[:, spots] = 1
        elif prompt is self._caption:
            types[:, len(prompt.before) :] = 1
        return types

    def _places(self, prompt: Prompt, pieces: int) -> Joined:
        """Where the photo and the text stand in a sequence; while captions are written, the end of the prompt comes
        first on the text axis."""
        ids = torch.tensor(prompt.before)
        photo = (ids == self.image_token).nonzero()[:, 0][self.layout.order()]
        rest = (ids != self.image_token).nonzero()[:, 0]
        text = torch.arange(pieces) + len(ids)
        after = torch.arange(len(prompt.after)) + len(ids) + pieces
        order = [text, rest, after] if self._rows is None else [rest[-1:], text, rest[:-1], after]
        return Joined(torch.cat(order).to(self.device), photo.to(self.device))

    def _photo_tokens(self) -> int:
        return self._match.before.count(self.image_token)

    def _writable(self, logits: Tensor) -> Tensor:
        """Logits with one end, and without what cannot be written."""
        logits = logits.float().clone()
        logits[..., self.caption_end] = logits[..., self._ends].logsumexp(dim=-1)
        logits[..., [self.image_token, *self._ends[1:]]] = float("-inf")
        return logits
