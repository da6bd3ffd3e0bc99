"""Quick figures on dev, by which training picks the best weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from vtviz.evaluation.split import Row
from vtviz.metrics.localisation import in_boxes
from vtviz.models.recorder import record_attention
from vtviz.models.recurrent.network import Encoded, RecurrentNetwork
from vtviz.models.recurrent.vocabulary import Words
from vtviz.training.recurrent.items import covering, encode

PHOTOS = 300  # of dev
CAPTIONS = 2  # of each
BLOCK = 64  # photos or texts at a time


class DevFigures:
    """Match, search and pointing on the first ``photos`` of dev with so many ``captions`` each, from their ``features
    [rows, patches, channels]``."""

    def __init__(
        self,
        rows: Sequence[Row],
        features: Tensor,
        words: Words,
        side: int,
        photos: int = PHOTOS,
        captions: int = CAPTIONS,
    ) -> None:
        self.rows, self.features, self.side = rows[:photos], features[:photos], side
        pairs = [(photo, k) for photo, row in enumerate(self.rows) for k in range(min(captions, len(row["captions"])))]
        self.texts = pairs
        texts = [self.rows[photo]["captions"][k] for photo, k in pairs]
        self.ids, self.mask, self.spans = encode(texts, words)
        self.photo = torch.tensor([photo for photo, _ in pairs])
        # As the evaluation does: caption k of photo i with photo i + 1 + k.
        others = len(self.rows) - 1
        self.other = torch.tensor([(photo + 1 + k % others) % len(self.rows) for photo, k in pairs])
        foils = [
            (index, str(foil["text"]))
            for index, (photo, k) in enumerate(pairs)
            for foil in self.rows[photo].get("foils", ())
            if foil.get("caption") == k
        ]
        self.foil_of = torch.tensor([index for index, _ in foils], dtype=torch.int64)
        self.foil_ids, self.foil_mask, _ = encode([text for _, text in foils], words)

    @torch.inference_mode()
    def measure(self, network: RecurrentNetwork) -> dict[str, float]:
        """Match AUC, that against foils where there are any, recall@10 of the similarity, and the share of phrases
        whose attention peaks in one of their boxes where there are any."""
        device = network.calibration.device
        image, text = self._read(network)
        right, attention = [], []
        for part in torch.arange(len(self.photo)).split(BLOCK):
            with record_attention(network, {"text→image"}) as recording:
                right.append(network.match(text[part], image.states[self.photo[part]]))
            attention.append(recording.of_kind("text→image")[0].mean(dim=1).cpu())
        wrong = _matches(network, text, image, self.other)
        figures = {"auc": _auc(torch.cat(right), wrong), "recall@10": self._recall(network.similarity(text, image))}
        if len(self.foil_of):
            foils = network.read_text(self.foil_ids.to(device), self.foil_mask.to(device))
            false = _matches(network, foils, image, self.photo[self.foil_of])
            figures["auc foils"] = _auc(torch.cat(right)[self.foil_of.to(device)], false)
        hits = self._hits(torch.cat(attention))
        return figures | ({"pointing": float(np.mean(hits))} if hits else {})

    @torch.inference_mode()
    def logits(self, network: RecurrentNetwork) -> tuple[Tensor, Tensor]:
        """Match logits ``[texts]`` of the captions with their own photo, and with another."""
        image, text = self._read(network)
        return tuple(_matches(network, text, image, photo).cpu() for photo in (self.photo, self.other))  # type: ignore[return-value]

    def _read(self, network: RecurrentNetwork) -> tuple[Encoded, Encoded]:
        device = network.calibration.device
        image = _joined([network.read_image(part.to(device).float()) for part in self.features.split(BLOCK)])
        return image, network.read_text(self.ids.to(device), self.mask.to(device))

    def _recall(self, similarity: Tensor) -> float:
        own = similarity.gather(1, self.photo[:, None].to(similarity.device))
        return float(((similarity > own).sum(dim=1) < 10).float().mean())

    def _hits(self, attention: Tensor) -> list[bool]:
        """Whether the mean attention ``[texts, T, patches]`` of each phrase's words peaks in one of its boxes."""
        hits = []
        for index, (photo, k) in enumerate(self.texts):
            for phrase in self.rows[photo]["phrases"]:
                caption = self.rows[photo]["captions"][k]
                covered = covering(self.spans[index], phrase, caption, attention.shape[1])
                if phrase["caption"] == k and covered.any():
                    row, column = divmod(int(attention[index][covered].mean(dim=0).argmax()), self.side)
                    point = ((column + 0.5) / self.side, (row + 0.5) / self.side)
                    hits.append(in_boxes(point, phrase["boxes"]))
        return hits


def _matches(network: RecurrentNetwork, text: Encoded, image: Encoded, photo: Tensor) -> Tensor:
    parts = torch.arange(len(photo)).split(BLOCK)
    return torch.cat([network.match(text[part], image.states[photo[part]]) for part in parts])


def _auc(right: Tensor, wrong: Tensor) -> float:
    labels = np.repeat([1, 0], [len(right), len(wrong)])
    return float(roc_auc_score(labels, torch.cat([right, wrong]).float().cpu().numpy()))


def _joined(parts: Sequence[Encoded]) -> Encoded:
    names = ("states", "mask", "pooled")
    return Encoded(*(torch.cat([getattr(part, name) for part in parts]) for name in names))
