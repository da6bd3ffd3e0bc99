"""Quick figures on dev, by which training picks the best weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from vtviz.evaluation.captioning import bleu
from vtviz.evaluation.questions import Question, derive, frequent_nouns
from vtviz.evaluation.split import read_rows
from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.models.vtviz_base.network import Encoded, FusionNetwork
from vtviz.models.vtviz_base.vocabulary import Vocabulary
from vtviz.training.precision import mixed_precision
from vtviz.training.vtviz_base.data.head_items import END, START
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.small_things import small_things

PHOTOS, HEAD_PHOTOS = 300, 200  # of dev
BLOCK = 50  # photos at a time


class DevFigures:
    """Figures of match, search and pointing on the first photos of dev, from cached features."""

    def __init__(self, photos: Path, cache: Path, tokenizer: Tokenizer, side: int) -> None:
        self.rows = read_rows(photos / "dev.jsonl")[:PHOTOS]
        self.features = torch.from_numpy(np.load(cache / "dev-0.npy", mmap_mode="c")[:PHOTOS])
        self.captions = [row["captions"][0] for row in self.rows]
        self.small = [small_things(row) for row in self.rows]
        self.tokenizer = tokenizer
        self.encoded = tokenizer.encode_batch(self.captions)
        self.side = side
        self.ids, self.mask = padded(self.encoded)

    @torch.inference_mode()
    def measure(self, network: FusionNetwork) -> dict[str, float]:
        """Match AUC, recall@10 of the similarity, and pointing accuracy of the best layer's raw attention."""
        with mixed_precision():
            text = network.encode_text(self.ids, self.mask)
            image = join([network.encode_patches(block.float()) for block in self.features.split(BLOCK)])
            similarity = torch.cat([network.similarity(text, image[rows]) for rows in chunks(len(self.rows))], dim=1)
        logits, hits = [], []
        for rows in chunks(len(self.rows)):
            with mixed_precision(), record_attention(network, {"text→image"}) as recording:
                logits.append(network.match(text[rows], image[rows]))
            attention = [weights.mean(dim=1) for weights in recording.of_kind("text→image")]
            hits += [self._hits(row, [layer[k] for layer in attention]) for k, row in enumerate(rows.tolist())]
            with mixed_precision():
                logits.append(network.match(text[rows], image[(rows + 1) % len(self.rows)]))
        right, wrong = torch.cat(logits[::2]), torch.cat(logits[1::2])
        labels = torch.cat([torch.ones_like(right), torch.zeros_like(wrong)]).numpy()
        scores = torch.cat([right, wrong]).numpy()
        layers = np.concatenate([h for h in hits if len(h)]).mean(axis=0)
        ranks = (similarity >= similarity.diagonal()[:, None]).sum(dim=1)
        return {
            "auc": float(roc_auc_score(labels, scores)),
            "recall@10": float((ranks <= 10).float().mean()),
            "pointing": float(layers.max()),
            "pointing small": float(np.mean(self._small(network, image.tokens))),
            **{f"pointing layer {k}": float(value) for k, value in enumerate(layers)},
        }

    def _small(self, network: FusionNetwork, patches: Tensor) -> list[bool]:
        """For each short text about a small thing, whether the first layer's strongest patch lies in its boxes.

        ``patches [photos, patches, width]`` are those of the photos as the network encodes them.
        """
        hits = []
        for row, own in zip(self.small, patches.float(), strict=True):
            if not row["captions"]:
                continue
            encoded = self.tokenizer.encode_batch(row["captions"])
            ids, mask = padded(encoded)
            with record_attention(network.blocks[0], {"text→image"}) as recording:
                network.blocks[0](network.encode_text(ids, mask).tokens, own.expand(len(ids), -1, -1), mask)
            attention = recording.of_kind("text→image")[0].mean(dim=1)
            for text, phrase, weights in zip(encoded, row["phrases"], attention, strict=True):
                inside = [t for t, (a, b) in enumerate(text.offsets) if a < phrase["end"] and b > phrase["start"]]
                boxes = coverage(phrase["boxes"], self.side)
                hits.append(bool(boxes[int(weights[inside].mean(dim=0).argmax())] >= 0.5))
        return hits

    def _hits(self, index: int, layers: list[Tensor]) -> np.ndarray:
        """For each phrase of a photo's first caption, whether each layer's strongest patch lies in its boxes."""
        offsets, rows = self.encoded[index].offsets, []
        for phrase in self.rows[index]["phrases"]:
            if phrase["caption"] == 0:
                inside = [t for t, (a, b) in enumerate(offsets) if a < phrase["end"] and b > phrase["start"] and b > a]
                boxes = coverage(phrase["boxes"], self.side)
                rows.append([boxes[int(layer[inside].mean(dim=0).argmax())] >= 0.5 for layer in layers])
        return np.array(rows, dtype=float).reshape(-1, len(layers))


class HeadDevFigures:
    """Figures of the caption and answer heads on the first photos of dev, from cached features."""

    def __init__(self, photos: Path, cache: Path) -> None:
        rows = read_rows(photos / "dev.jsonl")
        nouns = frequent_nouns(rows)
        self.rows = rows[:HEAD_PHOTOS]
        self.questions: list[list[Question]] = [derive(row, nouns) for row in self.rows]
        self.features = torch.from_numpy(np.load(cache / "dev-0.npy", mmap_mode="c")[:HEAD_PHOTOS])

    @torch.inference_mode()
    def measure(self, network: FusionNetwork, tokenizer: Tokenizer, answers: Sequence[str]) -> dict[str, float]:
        """Accuracy of the answers, and BLEU-4 of greedy captions."""
        model = VtvizBase(network, tokenizer, "", Vocabulary({}), 0.5, answers=answers)
        references = [row["captions"] for row in self.rows]
        return {"answers": self._accuracy(model), "bleu4": bleu(self._captions(model), references)}

    def _accuracy(self, model: VtvizBase) -> float:
        right = total = 0
        for questions, features in zip(self.questions, self.features.split(1), strict=True):
            if questions:
                logits = model.answer_logits(features.float(), [question.text() for question in questions])
                best = logits.argmax(dim=1).tolist()
                right += sum(model.answers[i] in q.answers for i, q in zip(best, questions, strict=True))
                total += len(questions)
        return right / max(total, 1)

    def _captions(self, model: VtvizBase) -> list[str]:
        """The greedy caption of each photo."""
        texts = []
        for block in self.features.split(BLOCK):
            memory = model.caption_memory(block.float())
            chosen = torch.full((len(block), 1), START)
            for _ in range(model.caption_length - 1):
                following = model.caption_following(memory, chosen).argmax(dim=-1)
                chosen = torch.cat([chosen, following[:, None]], dim=1)
                if (chosen == END).any(dim=1).all():
                    break
            texts += [model.caption_tokens(_until_end(pieces)).text for pieces in chosen[:, 1:].tolist()]
        return texts


def _until_end(pieces: list[int]) -> list[int]:
    return pieces[: pieces.index(END)] if END in pieces else pieces


def padded(encoded: Sequence[Encoding]) -> tuple[Tensor, Tensor]:
    """Ids and mask of encoded texts, ``[texts, T]`` each."""
    length = max(len(text.ids) for text in encoded)
    ids = [text.ids + [0] * (length - len(text.ids)) for text in encoded]
    return torch.tensor(ids), torch.tensor([[t < len(text.ids) for t in range(length)] for text in encoded])


def chunks(count: int, size: int = BLOCK) -> list[Tensor]:
    """Row numbers 0..count-1 in blocks."""
    return list(torch.arange(count).split(size))


def join(parts: list[Encoded]) -> Encoded:
    """Blocks of one encoded side, one after the other."""
    names = ("tokens", "local", "importance", "pooled", "mask")
    return Encoded(*(torch.cat([getattr(part, name) for part in parts]) for name in names))
