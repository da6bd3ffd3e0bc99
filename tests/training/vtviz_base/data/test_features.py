"""The cache of features, with a backbone that only averages patches."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from vtviz.training.vtviz_base.data import features
from vtviz.training.vtviz_base.data.features import SIZE, cache_features
from vtviz.watch import Cancelled, Progress, Watch

PATCHES = (SIZE // 16) ** 2
COUNTS = {"dev": 2, "train": 20}  # more than a batch


class MeanColour(nn.Module):
    channels = 3

    def forward(self, pixels: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(pixels, 16).flatten(2).transpose(1, 2)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(features, "load_classifier", lambda: None)
    monkeypatch.setattr(features, "load_backbone", lambda classifier: MeanColour())
    (tmp_path / "images").mkdir()
    for split, count in COUNTS.items():
        rows = [{"image": f"{split}-{number}.png", "captions": ["a photo"]} for number in range(count)]
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        for number, row in enumerate(rows):
            Image.new("RGB", (20, 20), (10 * number, 0, 0)).save(tmp_path / "images" / str(row["image"]))
    return tmp_path


def test_every_view_is_cached_once_and_told_part_by_part(photos: Path) -> None:
    heard: list[Progress] = []
    cache_features(photos, None, photos / "cache", 1, 0, 0, Watch(heard.append))
    ends = {now.stage: (now.done, now.total) for now in heard}
    assert ends == {"features dev-0": (2, 2), "features train-0": (20, 20), "features train-1": (20, 20)}
    files = {path.name for path in (photos / "cache").iterdir()}
    assert files == {f"{part}.{kind}" for part in ("dev-0", "train-0", "train-1") for kind in ("npy", "jsonl")}
    plain = np.load(photos / "cache" / "train-0.npy")
    assert plain.shape == (20, PATCHES, 3) and plain.dtype == np.float16
    reds = plain[:, 0, 0].astype(float)
    assert (np.diff(reds) > 0).all(), "row k is photo k"
    heard.clear()
    cache_features(photos, None, photos / "cache", 1, 0, 0, Watch(heard.append))
    assert heard == []


def test_a_cancelled_part_is_computed_again_and_finished_ones_are_kept(photos: Path) -> None:
    watch = Watch(cancelled=lambda: watch.now.stage == "features train-0" and watch.now.done == 16)
    with pytest.raises(Cancelled):
        cache_features(photos, None, photos / "cache", 0, 0, 0, watch)
    assert (photos / "cache" / "dev-0.npy").exists() and not (photos / "cache" / "train-0.npy").exists()
    heard: list[Progress] = []
    cache_features(photos, None, photos / "cache", 0, 0, 0, Watch(heard.append))
    assert {now.stage for now in heard} == {"features train-0"}
    assert torch.from_numpy(np.load(photos / "cache" / "train-0.npy")[19]).ne(0).any()


def test_scenes_of_training_show_no_held_out_thing_and_those_of_dev_nothing_else(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, cache = photos / "names", photos / "cache"
    (names / "images").mkdir(parents=True)
    rows = [{"image": f"{number}.png", "class": number, "names": [str(number)]} for number in range(40)]
    (names / "classes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for row in rows:
        Image.new("RGB", (20, 20)).save(names / "images" / str(row["image"]))
    hidden = frozenset(range(16, 36))
    monkeypatch.setattr(features, "held_out", lambda classes: hidden)
    monkeypatch.setattr(features, "NAME_VIEWS", 2)
    monkeypatch.setattr(features, "DEV_SCENES", 3)
    monkeypatch.setattr(features, "_activations", lambda classifier, own, labels: np.ones((len(labels), PATCHES)))
    cache_features(photos, names, cache, 0, 5, 0, Watch())
    assert np.load(cache / "names-1.npy").shape[0] == 40 == len(np.load(cache / "names-1.activation.npy"))
    for kind, count, allowed in (("", 5, set(range(40)) - hidden), ("-dev", 3, hidden)):
        split = "dev" if kind else "train"
        for scene in ("mosaic", "paste"):
            notes = [json.loads(line) for line in (cache / f"{scene}{kind}.jsonl").read_text().splitlines()]
            assert len(notes) == count and all(set(note["classes"]) <= allowed for note in notes)
            shown = sum(len(note["classes"]) for note in notes)
            assert np.load(cache / f"{scene}{kind}.regions.npy").shape == (shown, PATCHES)
            backgrounds = [note["background"] for note in notes]
            assert all(
                background is None if scene == "mosaic" else background < COUNTS[split] for background in backgrounds
            )
