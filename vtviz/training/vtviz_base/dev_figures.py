"""Quick figures on dev, by which training picks the best weights."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor

from vtviz.evaluation.captioning import bleu
from vtviz.evaluation.questions import Question, derive, frequent_nouns
from vtviz.evaluation.split import Row
from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.captions import END, START
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.models.vtviz_base.network import Encoded, FusionNetwork
from vtviz.models.vtviz_base.vocabulary import Vocabulary
from vtviz.training.precision import mixed_precision
from vtviz.training.vtviz_base.data.items import covering, padded
from vtviz.training.vtviz_base.data.named import NamedThings
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.texts.small_things import small_things

PHOTOS, HEAD_PHOTOS = 300, 200  # of dev
FAR, CHINESE = 200, 150  # texts about unseen things, and Chinese sentences, that are matched
BLOCK = 50  # photos at a time


class DevFigures:
    """Figures of match, search and pointing on the first photos of dev, from cached features."""

    def __init__(
        self,
        rows: Sequence[Row],
        cache: Path,
        tokenizer: Tokenizer,
        side: int,
        chinese: Sequence[Row] | None = None,
        unseen: NamedThings | None = None,
    ) -> None:
        self.rows = rows[:PHOTOS]
        self.features = torch.from_numpy(np.load(cache / "dev-0.npy", mmap_mode="c")[:PHOTOS])
        self.captions = [row["captions"][0] for row in self.rows]
        self.small = [small_things(row) for row in self.rows]
        self.tokenizer = tokenizer
        self.encoded = tokenizer.encode_batch(self.captions)
        self.side = side
        self.ids, self.mask = padded(self.encoded)
        self.chinese = {
            kind: [next((text for text in row[kind] if text), None) for row in chinese[:PHOTOS]]
            for kind in ("written",)
            if chinese
        }
        self.far = _far(unseen, cache) if unseen else []

    @torch.inference_mode()
    def measure(self, network: FusionNetwork) -> dict[str, float]:
        """Match AUC, recall@10 of the similarity, and pointing accuracy of the best layer's raw attention.

        Also AUC and recall of Chinese sentences, and the AUC of true texts about unseen things against their foils.
        """
        device = network.calibration.device
        with mixed_precision(device):
            text = network.encode_text(self.ids.to(device), self.mask.to(device))
            image = join([network.encode_patches(block.float().to(device)) for block in self.features.split(BLOCK)])
            similarity = torch.cat([network.similarity(text, image[rows]) for rows in chunks(len(self.rows))], dim=1)
        logits, hits = [], []
        for rows in chunks(len(self.rows)):
            with mixed_precision(device), record_attention(network, {"text→image"}) as recording:
                logits.append(network.match(text[rows], image[rows]))
            attention = [weights.mean(dim=1).cpu() for weights in recording.of_kind("text→image")]
            hits += [self._hits(row, [layer[k] for layer in attention]) for k, row in enumerate(rows.tolist())]
            with mixed_precision(device):
                logits.append(network.match(text[rows], image[(rows + 1) % len(self.rows)]))
        right, wrong = torch.cat(logits[::2]).cpu(), torch.cat(logits[1::2]).cpu()
        labels = torch.cat([torch.ones_like(right), torch.zeros_like(wrong)]).numpy()
        scores = torch.cat([right, wrong]).numpy()
        layers = np.concatenate([h for h in hits if len(h)]).mean(axis=0)
        return {
            "auc": float(roc_auc_score(labels, scores)),
            "recall@10": _recall(similarity.cpu(), torch.arange(len(self.rows))),
            **self._chinese(network, image),
            **self._far_figures(network),
            **self._similarity_figures(text, image),
            "pointing": float(layers.max()),
            "pointing small": float(np.mean(self._small(network, image.tokens))),
            **{f"pointing layer {k}": float(value) for k, value in enumerate(layers)},
        }

    def _chinese(self, network: FusionNetwork, image: Encoded) -> dict[str, float]:
        figures: dict[str, float] = {}
        for kind, texts in self.chinese.items():
            owner = torch.tensor([index for index, text in enumerate(texts) if text])
            ids, mask = padded(self.tokenizer.encode_batch([text for text in texts if text]))
            device = network.calibration.device
            with mixed_precision(device):
                text = network.encode_text(ids.to(device), mask.to(device))
                blocks = chunks(len(self.rows))
                similarity = torch.cat([network.similarity(text, image[rows]) for rows in blocks], dim=1)
                matched = chunks(min(len(owner), CHINESE))
                own = torch.cat([network.match(text[rows], image[owner[rows]]) for rows in matched])
                other = (owner + 1) % len(self.rows)
                wrong = torch.cat([network.match(text[rows], image[other[rows]]) for rows in matched])
            figures |= {f"auc {kind}": _auc(own, wrong), f"recall@10 {kind}": _recall(similarity.cpu(), owner)}
        return figures

    def _far_figures(self, network: FusionNetwork) -> dict[str, float]:
        """AUC of true texts about unseen things against their foils, on the same photos and scenes."""
        if not self.far:
            return {}
        sides: dict[bool, list[Tensor]] = {True: [], False: []}
        for rows in chunks(len(self.far)):
            items, device = [self.far[row] for row in rows.tolist()], network.calibration.device
            with mixed_precision(device):
                features = torch.from_numpy(np.stack([item[0] for item in items])).float()
                image = network.encode_patches(features.to(device))
                for side, position in ((True, 1), (False, 2)):
                    ids, mask = padded(self.tokenizer.encode_batch([str(item[position]) for item in items]))
                    sides[side].append(network.match(network.encode_text(ids.to(device), mask.to(device)), image))
        return {"auc far": _auc(torch.cat(sides[True]), torch.cat(sides[False]))}

    def _similarity_figures(self, text: Encoded, image: Encoded) -> dict[str, float]:
        """How often the patch most similar to a phrase lies in its boxes; the AUC of the similarity against them."""
        hits, aucs = [], []
        for index, row in enumerate(self.rows):
            for phrase in row["phrases"]:
                if phrase["caption"] == 0:
                    inside = covering(self.encoded[index], phrase["start"], phrase["end"], text.local.shape[1])
                    boxes = coverage(phrase["boxes"], self.side) >= 0.5
                    values = (image.local[index].float() @ text.local[index, inside].float().mean(dim=0)).cpu().numpy()
                    hits.append(boxes[values.argmax()])
                    if boxes.any() and not boxes.all():
                        aucs.append(roc_auc_score(boxes, values))
        return {"pointing similarity": float(np.mean(hits)), "map auc": float(np.mean(aucs)) if aucs else 0.5}

    def _small(self, network: FusionNetwork, patches: Tensor) -> list[bool]:
        """For each short text about a small thing, whether the first layer's strongest patch lies in its boxes.

        ``patches [photos, patches, width]`` are those of the photos as the network encodes them.
        """
        hits = []
        for row, own in zip(self.small, patches.float(), strict=True):
            if not row["captions"]:
                continue
            encoded = self.tokenizer.encode_batch(row["captions"])
            ids, mask = (part.to(own.device) for part in padded(encoded))
            with record_attention(network.blocks[0], {"text→image"}) as recording:
                network.blocks[0](network.encode_text(ids, mask).tokens, own.expand(len(ids), -1, -1), mask)
            attention = recording.of_kind("text→image")[0].mean(dim=1).cpu()
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

    def __init__(self, rows: Sequence[Row], cache: Path) -> None:
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
                logits = model.answer_logits(
                    features.float().to(model.device), [question.text() for question in questions]
                )
                best = logits.argmax(dim=1).tolist()
                right += sum(model.answers[i] in q.answers for i, q in zip(best, questions, strict=True))
                total += len(questions)
        return right / max(total, 1)

    def _captions(self, model: VtvizBase) -> list[str]:
        """The greedy caption of each photo."""
        texts = []
        for block in self.features.split(BLOCK):
            memory = model.caption_memory(block.float().to(model.device))
            chosen = torch.full((len(block), 1), START, device=model.device)
            for _ in range(model.caption_length - 1):
                following = model.caption_following(memory, chosen).argmax(dim=-1)
                chosen = torch.cat([chosen, following[:, None]], dim=1)
                if (chosen == END).any(dim=1).all():
                    break
            texts += [model.caption_tokens(_until_end(pieces)).text for pieces in chosen[:, 1:].tolist()]
        return texts


def _until_end(pieces: list[int]) -> list[int]:
    return pieces[: pieces.index(END)] if END in pieces else pieces


def _far(unseen: NamedThings, cache: Path) -> list[tuple[np.ndarray, str, str]]:
    """Features, a true text and a foil, for things that training never showed."""
    rng = random.Random(0)
    features = {part: np.load(cache / f"{part}.npy", mmap_mode="r") for part in unseen.parts}
    drawn = [unseen.draw(rng) for _ in range(FAR)]
    return [(features[part][row], text.text, text.foil or "") for part, row, text in drawn]


def _auc(right: Tensor, wrong: Tensor) -> float:
    labels = [1] * len(right) + [0] * len(wrong)
    return float(roc_auc_score(labels, torch.cat([right, wrong]).float().cpu().numpy()))


def _recall(similarity: Tensor, owner: Tensor) -> float:
    """Share of texts whose photo is among the ten most similar, from ``similarity [texts, photos]``."""
    own = similarity[torch.arange(len(owner)), owner][:, None]
    return float(((similarity >= own).sum(dim=1) <= 10).float().mean())


def chunks(count: int, size: int = BLOCK) -> list[Tensor]:
    """Row numbers 0..count-1 in blocks."""
    return list(torch.arange(count).split(size))


def join(parts: list[Encoded]) -> Encoded:
    """Blocks of one encoded side, one after the other."""
    names = ("tokens", "local", "importance", "pooled", "mask")
    return Encoded(*(torch.cat([getattr(part, name) for part in parts]) for name in names))
