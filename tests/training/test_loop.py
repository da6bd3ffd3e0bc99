"""The first stage on a tiny network and made-up features: resuming changes nothing, no progress ends the training."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from torch import Tensor

from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.weights import load_weights
from vtviz.training.loop import Schedule
from vtviz.training.vtviz_base.data.items import Batch
from vtviz.training.vtviz_base.fusion import FusionRun

SIZES = NetworkConfig(image_size=64, width=16, heads=2, text_layers=1, fusion_blocks=1, joint_layers=1)


class Killed(Exception):
    """Stands for the end of the process."""


class MadeUpItems:
    """Batches that depend on the step alone, as those of Items do."""

    def __init__(self, channels: int, killed_at: int | None = None) -> None:
        self.channels, self.killed_at = channels, killed_at

    def batches(self, captions: int, named: int, seed: int, start: int) -> Iterator[Batch]:
        step = start
        while step != self.killed_at:
            made = torch.Generator().manual_seed(1000 * seed + step)
            features = torch.randn(captions, 16, self.channels, generator=made)
            ids = torch.randint(5, 50, (captions, 6), generator=made)
            pieces = torch.zeros(captions, 6, dtype=torch.bool)
            pieces[:, 2] = True
            regions = (torch.rand(captions, 16, generator=made) > 0.5).float()
            yield Batch(features, ids, torch.ones_like(ids, dtype=torch.bool), torch.arange(captions), pieces, regions)
            step += 1
        raise Killed


class MadeUpDevelopment:
    """Figures from a list, the last one again and again."""

    def __init__(self, scores: list[float]) -> None:
        self.scores = scores

    def measure(self, network: FusionNetwork) -> dict[str, float]:
        assert not network.training
        score = self.scores.pop(0) if len(self.scores) > 1 else self.scores[0]
        return {"auc": score, "pointing": 0.0, "recall@10": 0.0}


def fusion_run(output: Path, development: MadeUpDevelopment, resume: bool = False, **options: Any) -> FusionRun:
    torch.manual_seed(0)
    schedule = Schedule(**{"steps": 6, "check_every": 3, **options})
    tokenizer = Tokenizer(WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    made = cast(Any, development)
    return FusionRun(FusionNetwork(SIZES), tokenizer, made, schedule, output, resume, rate=8e-4, kept_patches=12)


def values(run: FusionRun) -> dict[str, Tensor]:
    return {f"{name} {kind}": value for kind, each in parts(run) for name, value in each.items()}


def parts(run: FusionRun) -> list[tuple[str, dict[str, Tensor]]]:
    return [("live", run.network.state_dict()), ("average", run.average)]


def test_a_run_that_was_killed_and_resumed_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    whole = fusion_run(tmp_path / "whole", MadeUpDevelopment([0.5, 0.6]))
    channels = whole.network.backbone.channels
    whole.run(MadeUpItems(channels).batches(4, 0, 0, whole.step))
    cut = fusion_run(tmp_path / "cut", MadeUpDevelopment([0.5]))
    with pytest.raises(Killed):
        cut.run(MadeUpItems(channels, killed_at=5).batches(4, 0, 0, cut.step))
    resumed = fusion_run(tmp_path / "cut", MadeUpDevelopment([0.6]), resume=True)
    resumed.run(MadeUpItems(channels).batches(4, 0, 0, resumed.step))
    assert whole.step == resumed.step == 6
    expected, found = values(whole), values(resumed)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-6, rtol=1e-5, msg=name)
    steps = [json.loads(line)["step"] for line in (tmp_path / "cut" / "history.jsonl").read_text().splitlines()]
    assert steps == [3, 6]


def test_training_moves_the_network_but_not_its_pretrained_features(tmp_path: Path) -> None:
    run = fusion_run(tmp_path, MadeUpDevelopment([0.5]))
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    run.run(MadeUpItems(run.network.backbone.channels).batches(4, 0, 0, run.step))
    moved = {name.split(".")[0] for name, value in run.network.state_dict().items() if not value.equal(before[name])}
    assert {"blocks", "joint", "match_head", "image_contrast", "text_contrast", "text_tower"} <= moved
    assert "backbone" not in moved


def test_without_progress_on_dev_it_stops_early(tmp_path: Path) -> None:
    development = MadeUpDevelopment([0.9, 0.5])
    run = fusion_run(tmp_path, development, steps=100, check_every=1, patience=2)
    figures = run.run(MadeUpItems(run.network.backbone.channels).batches(4, 0, 0, run.step))
    assert run.step == 3 and load_weights((tmp_path / "model.safetensors").read_bytes()) and figures["auc"] == 0.9
