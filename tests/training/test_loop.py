"""The training loop, as the first stage on a tiny network and made-up features."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from torch import Tensor

from vtviz.inputs import InputError
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.weights import load_weights
from vtviz.training.loop import Schedule, moved
from vtviz.training.run_files import read_history
from vtviz.training.vtviz_base.data.items import Batch, Others
from vtviz.training.vtviz_base.fusion import FusionTraining
from vtviz.watch import Cancelled, Progress, Watch

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
            whole = torch.ones_like(ids, dtype=torch.bool)
            foils = Others(torch.tensor([1]), ids[:1] + 1, whole[:1])
            own, distinct = torch.arange(captions), torch.arange(captions) != 1
            # Text 0 translates the second text of item 1, the last of all, and phrase 0 its first two pieces.
            ids, whole = torch.cat([ids, ids[:2] + 2]), torch.cat([whole, whole[:2]])
            item, twin_of = torch.tensor([*own, 0, 1]), torch.full((captions + 2,), -1)
            twin_of[0] = captions + 1
            twin_pieces = torch.zeros_like(pieces)
            twin_pieces[0, :2] = True
            yield Batch(features, ids, whole, item, own, pieces, regions, distinct, foils, twin_of, twin_pieces)
            step += 1
        raise Killed


class MadeUpDevFigures:
    """Figures from a list, the last one again and again."""

    def __init__(self, scores: list[float]) -> None:
        self.scores = scores

    def measure(self, network: FusionNetwork) -> dict[str, float]:
        assert not network.training
        score = self.scores.pop(0) if len(self.scores) > 1 else self.scores[0]
        return {"auc": score, "pointing": 0.0, "recall@10": 0.0}


def fusion_run(output: Path, dev_figures: MadeUpDevFigures, resume: bool = False, **options: Any) -> FusionTraining:
    torch.manual_seed(0)
    schedule = Schedule(**{"steps": 6, "check_every": 3, **options})
    tokenizer = Tokenizer(WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    made = cast(Any, dev_figures)
    return FusionTraining(FusionNetwork(SIZES), tokenizer, made, schedule, output, resume, rate=8e-4, kept_patches=12)


def values(run: FusionTraining) -> dict[str, Tensor]:
    return {f"{name} {kind}": value for kind, part in parts(run) for name, value in part.items()}


def parts(run: FusionTraining) -> list[tuple[str, dict[str, Tensor]]]:
    return [("live", run.network.state_dict()), ("average", run.average)]


def assert_same(run: FusionTraining, expected: FusionTraining) -> None:
    found = values(run)
    assert found.keys() == values(expected).keys()
    for name, value in values(expected).items():
        torch.testing.assert_close(found[name], value, atol=1e-6, rtol=1e-5, msg=name)


def test_a_run_that_was_killed_and_resumed_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    whole = fusion_run(tmp_path / "whole", MadeUpDevFigures([0.5, 0.6]))
    channels = whole.network.backbone.channels
    whole.run(MadeUpItems(channels).batches(4, 0, 0, whole.step))
    cut = fusion_run(tmp_path / "cut", MadeUpDevFigures([0.5]))
    with pytest.raises(Killed):
        cut.run(MadeUpItems(channels, killed_at=5).batches(4, 0, 0, cut.step))
    resumed = fusion_run(tmp_path / "cut", MadeUpDevFigures([0.6]), resume=True)
    resumed.run(MadeUpItems(channels).batches(4, 0, 0, resumed.step))
    assert whole.step == resumed.step == 6
    assert_same(resumed, whole)
    rows = read_history(tmp_path / "cut")
    assert [row["step"] for row in rows] == [3, 6]


def test_the_history_holds_mean_losses_between_checks_and_forgets_steps_that_are_taken_again(tmp_path: Path) -> None:
    heard: list[Progress] = []
    run = fusion_run(tmp_path, MadeUpDevFigures([0.5, 0.6]), steps=24, check_every=16)
    with pytest.raises(Killed):
        run.run(MadeUpItems(run.network.backbone.channels, killed_at=21).batches(4, 0, 0, 0), Watch(heard.append))
    rows = read_history(tmp_path)
    assert [row["step"] for row in rows] == [10, 16, 20] and [("auc" in row) for row in rows] == [False, True, False]
    said = [float(re.search(r"contrast=(\S+),", now.note)[1]) for now in heard[1:]]  # type: ignore[index]
    for row, part in zip(rows, (said[:10], said[10:16], said[16:20]), strict=True):
        assert row["loss contrast"] == pytest.approx(sum(part) / len(part), abs=1e-3)
        assert row["rate"] > 0 and row["steps per second"] > 0
    fusion_run(tmp_path, MadeUpDevFigures([0.6]), resume=True, steps=24, check_every=16)
    assert [row["step"] for row in read_history(tmp_path)] == [10, 16]  # the checkpoint is of step 16


def test_where_it_is_enough_before_the_first_step_there_are_weights_all_the_same(tmp_path: Path) -> None:
    run = fusion_run(tmp_path, MadeUpDevFigures([0.5]), enough=lambda: True)
    figures = run.run(MadeUpItems(run.network.backbone.channels).batches(4, 0, 0, 0))
    assert run.step == 0 and figures["auc"] == 0.5 and (tmp_path / "model.safetensors").is_file()


def test_training_moves_the_network_but_not_its_pretrained_features(tmp_path: Path) -> None:
    run = fusion_run(tmp_path, MadeUpDevFigures([0.5]))
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    run.run(MadeUpItems(run.network.backbone.channels).batches(4, 0, 0, run.step))
    moved = {name.split(".")[0] for name, value in run.network.state_dict().items() if not value.equal(before[name])}
    assert {"blocks", "joint", "match_head", "image_contrast", "text_contrast", "text_tower"} <= moved
    assert "backbone" not in moved


@pytest.mark.parametrize("steps", [0, 4])
def test_a_cancelled_training_leaves_a_checkpoint_that_resumes(tmp_path: Path, steps: int) -> None:
    whole = fusion_run(tmp_path / "whole", MadeUpDevFigures([0.5, 0.6]))
    channels = whole.network.backbone.channels
    whole.run(MadeUpItems(channels).batches(4, 0, 0, whole.step))
    cut = fusion_run(tmp_path / "cut", MadeUpDevFigures([0.5]))
    watch = Watch(cancelled=lambda: watch.now.done == steps)
    with pytest.raises(Cancelled):
        cut.run(MadeUpItems(channels).batches(4, 0, 0, cut.step), watch)
    assert cut.step == steps
    resumed = fusion_run(tmp_path / "cut", MadeUpDevFigures([0.6] if steps else [0.5, 0.6]), resume=True)
    assert resumed.step == steps
    resumed.run(MadeUpItems(channels).batches(4, 0, 0, resumed.step))
    assert_same(resumed, whole)


def test_a_damaged_checkpoint_gets_one_sentence(tmp_path: Path) -> None:
    run = fusion_run(tmp_path, MadeUpDevFigures([0.5]))
    run.save()
    path = tmp_path / "checkpoint.pt"
    whole, state = path.read_bytes(), torch.load(path, weights_only=True)
    first = next(iter(run.average))
    odd: list[object] = [5, {}, {**state, "trained": {}}, {**state, "average": {**run.average, first: torch.ones(3)}}]
    odd += [{**state, "numbers": ["x"] * 4}, {**state, "optimizer": {}}, {**state, "random": torch.ones(2)}]
    for damaged in (whole[: len(whole) // 2], b"", b"junk", *odd):
        if isinstance(damaged, bytes):
            path.write_bytes(damaged)
        else:
            torch.save(damaged, path)
        with pytest.raises(InputError, match=r"checkpoint in .* is damaged"):
            run.load()


def test_the_watch_hears_every_step_with_its_losses(tmp_path: Path) -> None:
    heard: list[Progress] = []
    run = fusion_run(tmp_path, MadeUpDevFigures([0.5]))
    run.run(MadeUpItems(run.network.backbone.channels).batches(4, 0, 0, run.step), Watch(heard.append))
    assert [(now.stage, now.done, now.total) for now in heard] == [("fusion", done, 6) for done in range(7)]
    names = [re.findall(r"(\w+)=\d+\.\d{3}", now.note) for now in heard[1:]]
    assert names == [["contrast", "match", "grounding", "alignment", "cover", "second", "distil", "phrases"]] * 6


def test_without_improvement_on_dev_it_stops_early(tmp_path: Path) -> None:
    dev_figures = MadeUpDevFigures([0.9, 0.5])
    run = fusion_run(tmp_path, dev_figures, steps=100, check_every=1, patience=2)
    figures = run.run(MadeUpItems(run.network.backbone.channels).batches(4, 0, 0, run.step))
    assert run.step == 3 and load_weights((tmp_path / "model.safetensors").read_bytes()) and figures["auc"] == 0.9


def test_a_batch_moves_to_a_device_with_all_that_it_holds(tmp_path: Path) -> None:
    batch = next(MadeUpItems(3).batches(4, 0, 0, 0))
    away = moved(batch, torch.device("meta"))
    assert away.features.device.type == away.foils.ids.device.type == away.twin_of.device.type == "meta"
    assert away.ids.shape == batch.ids.shape and moved(batch, torch.device("cpu")) is batch
