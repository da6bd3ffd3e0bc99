"""The second stage on a tiny network and photos: what it draws, and that a killed run resumes."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from vtviz.models.vtviz_base.captions import END, START
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.training.loop import Schedule
from vtviz.training.vtviz_base.data.head_items import QUESTIONS, SENTENCES, HeadBatch, HeadItems
from vtviz.training.vtviz_base.heads import HeadTraining

PHOTOS = 24
CAPTION = "a black dog runs on the grass"
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[",
    "]",
    "CLS",
    "SEP",
    "UNK",
    "MASK",
    *CAPTION.split(),
    "what",
    "is",
    "there",
    "?",
]


def tokenizer() -> Tokenizer:
    made = Tokenizer(WordPiece({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.add_special_tokens(["[CLS]", "[SEP]", "[UNK]", "[MASK]"])
    made.pre_tokenizer = Whitespace()  # type: ignore[assignment]
    ends = [("[CLS]", made.token_to_id("[CLS]")), ("[SEP]", made.token_to_id("[SEP]"))]
    made.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)  # type: ignore[assignment]
    return made


@pytest.fixture
def items(tmp_path: Path) -> HeadItems:
    phrase = {
        "caption": 0,
        "start": 0,
        "end": 11,
        "text": "a black dog",
        "kind": ["animals"],
        "boxes": [[0, 0, 0.5, 1]],
    }
    rows = [{"image": f"{i}.jpg", "captions": [CAPTION] * 5, "phrases": [phrase]} for i in range(PHOTOS)]
    view = {"crop": [0, 0, 1, 1], "flipped": False}
    (tmp_path / "train-0.jsonl").write_text("".join(json.dumps({"row": i, **view}) + "\n" for i in range(PHOTOS)))
    channels = FusionNetwork(NetworkConfig(image_size=64, width=16, heads=2)).backbone.channels
    features = np.random.default_rng(0).normal(size=(PHOTOS, 16, channels)).astype(np.float16)
    np.save(tmp_path / "train-0.npy", features)
    return HeadItems(rows, None, None, None, tmp_path, 4, tokenizer())


def test_a_batch_holds_captions_and_questions_with_their_answers_and_boxes(items: HeadItems) -> None:
    rng = random.Random(0)
    batch = items.batch([items.photo(0, rng), items.photo(1, rng)])
    assert batch.captions.shape[0] == 2 * SENTENCES["en"] and batch.ids.shape[0] == 2 * QUESTIONS
    written = [items.pieces[piece] for piece in batch.captions[0].tolist()]
    assert items.tokenizer.decode(written, skip_special_tokens=True) == CAPTION
    assert batch.captions[0, 0] == START and batch.captions[0, -1] == END
    answers = {items.answers[number] for number in batch.targets.argmax(dim=1).tolist()}
    assert answers <= {"black", "running", "grass", "yes", "no", "one"} and {"black", "running"} & answers
    left = torch.tensor([1.0, 1.0, 0.0, 0.0]).repeat(4)
    assert len(batch.caption_pointers.regions) == 2 and torch.equal(batch.caption_pointers.regions[0], left)
    covered = batch.caption_pointers.pieces[0].nonzero().flatten().tolist()
    assert covered == [0, 1, 2]  # where "a", "black" and "dog" are predicted


def head_run(items: HeadItems, folder: Path, resume: bool = False) -> HeadTraining:
    torch.manual_seed(0)
    sizes = NetworkConfig(
        image_size=64, width=16, heads=2, text_layers=1, fusion_blocks=1, caption_layers=1, answer_layers=1,
        caption_pieces=len(items.pieces), answers=len(items.answers),
    )  # fmt: skip
    dev_figures: Any = SimpleNamespace(measure=lambda *_: {"answers": 0.5, "bleu4": 0.1})
    schedule = Schedule(steps=6, check_every=3)
    return HeadTraining(FusionNetwork(sizes), items.tokenizer, items, dev_figures, schedule, folder, resume, 1e-3)


def until(batches: Iterator[HeadBatch], count: int) -> Iterator[HeadBatch]:
    for _ in range(count):
        yield next(batches)
    raise KeyboardInterrupt


def test_a_killed_and_resumed_run_ends_like_an_undisturbed_one(items: HeadItems, tmp_path: Path) -> None:
    whole = head_run(items, tmp_path / "whole")
    whole.run(items.batches(4, 0, 0, whole.step))
    cut = head_run(items, tmp_path / "cut")
    with pytest.raises(KeyboardInterrupt):
        cut.run(until(items.batches(4, 0, 0, cut.step), 5))
    resumed = head_run(items, tmp_path / "cut", resume=True)
    assert resumed.step == 3
    resumed.run(items.batches(4, 0, 0, resumed.step))
    expected, found = whole.network.state_dict(), resumed.network.state_dict()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-6, rtol=1e-5, msg=name)


def test_only_the_heads_learn(items: HeadItems, tmp_path: Path) -> None:
    run = head_run(items, tmp_path)
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    first = run.update(next(items.batches(4, 0, 0, 0)))
    for batch, _ in zip(items.batches(4, 0, 0, 1), range(5), strict=False):
        last = run.update(batch)
    assert sum(last.values()) < sum(first.values())
    changed = {name.split(".")[0] for name, value in run.network.state_dict().items() if not value.equal(before[name])}
    assert changed == {"caption", "answer"}
