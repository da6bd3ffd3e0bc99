"""A dual encoder of transformers: as open_clip's, with other towers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from vtviz.models.hugging_face.abilities import ARCHITECTURES
from vtviz.models.hugging_face.attention import Place, record_network
from vtviz.models.hugging_face.dual.towers import TransformersText, TransformersVision
from vtviz.models.hugging_face.parts import Parts
from vtviz.models.hugging_face.text import TransformersReader
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.models.record import Kind
from vtviz.models.recorder import Change, Recording


class TransformersDualEncoder(OpenClipDualEncoder):
    """CLIP, SigLIP, Chinese-CLIP and AltCLIP of transformers."""

    def __init__(self, parts: Parts) -> None:
        self.name, self.weights_sha256, self.notices = parts.name, parts.sha256, parts.notices
        self.network: Any = parts.network
        text = self.network.config.text_config
        reserved = 2 if text.model_type.startswith(("alt", "roberta", "xlm")) else 0  # positions before the first
        self.reader = TransformersReader(parts.tokenizer, int(text.max_position_embeddings) - reserved)
        self.vision, self.text = TransformersVision(self.network), TransformersText(self.network, self.reader.pad_id)
        self.preprocessing = replace(parts.preprocessing, size=self.vision.size, covered=self.vision.covered)
        self.text_offset, self.pad_id = self.reader.offset, self.reader.pad_id
        self.image_offset = self.vision.offset
        self.score_kind = "probability" if self.text.is_siglip else "similarity"
        self.abilities = ARCHITECTURES[parts.architecture].abilities
        self._recorded = frozenset()
        self._layers = self._places()

    @contextmanager
    def record(self, kinds: Collection[Kind], change: Change | None = None) -> Iterator[Recording]:
        """Records the attention of both towers inside the ``with``, and lets ``change`` replace it."""
        with record_network(self.network, self._recorder(kinds, change), self._layers) as recording:
            before, self._recorded = self._recorded, frozenset(kinds)
            try:
                yield recording
            finally:
                self._recorded = before

    def _places(self) -> dict[str, Place]:
        """The attention modules of both towers, which are those that have a projection of their own for queries."""
        places: dict[str, Place] = {}
        for name, module in self.network.named_modules():
            if hasattr(module, "q_proj") or (hasattr(module, "query") and hasattr(module, "key")):
                places[name] = "image" if name.startswith("vision_model.") else "text"
        return places
