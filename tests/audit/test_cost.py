"""The cost that is said before an audit, beside the passes that it takes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.audit.conftest import SETTINGS
from vtviz.audit.audit import run_audit
from vtviz.audit.cost.count import Part, count_cost
from vtviz.audit.planted import shortcut
from vtviz.audit.settings import Settings
from vtviz.inputs import InputError
from vtviz.jobs.door import Door
from vtviz.manifests.read import read_manifest
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Watch


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The photos that the small network encodes and the pairs that it scores, its copies too."""
    encode, score, seen = VtvizBase.encode_pixels, VtvizBase.score, {"photos": 0, "pairs": 0}

    def counted_encode(model: VtvizBase, pixels: torch.Tensor) -> torch.Tensor:
        seen["photos"] += len(pixels)
        return encode(model, pixels)

    def counted_score(model: VtvizBase, features: torch.Tensor, text: Any, target: Any) -> torch.Tensor:
        answers = score(model, features, text, target)
        seen["pairs"] += len(answers) * (2 if answers.requires_grad else 1)  # a gradient is one more
        return answers

    monkeypatch.setattr(VtvizBase, "encode_pixels", counted_encode)
    monkeypatch.setattr(VtvizBase, "score", counted_score)
    return seen


PLAIN = replace(SETTINGS, methods=("raw_attention", "attention_gradcam"), metrics=("insertion", "deletion"), probes=1)
FULL = replace(
    SETTINGS,
    methods=("occlusion",),
    metrics=("deletion", "word_deletion", "road", "noise_stability"),
    probes=1,
    choices=True,
    wrong_texts=2,
    planted=3,
)


@pytest.mark.parametrize("settings", [PLAIN, FULL], ids=["plain", "extras"])
def test_the_cost_is_about_what_the_audit_takes(
    settings: Settings,
    manifest: Path,
    tmp_path: Path,
    door: Door,
    counts: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shortcut, "STEPS", 4)
    rows = read_manifest(manifest, 2)
    cost = count_cost(rows.rows, settings, door).total
    counts.update(photos=0, pairs=0)
    run_audit(rows, settings, tmp_path / "out", door, Watch())
    assert 0.65 < counts["photos"] / cost.photos < 1.1  # of planted causes those that do not take are not explained
    assert 0.65 < counts["pairs"] / (cost.photos + cost.texts) < 1.1
    assert cost.seconds > 0


def test_each_extra_is_a_part_of_its_own(manifest: Path, door: Door) -> None:
    rows = read_manifest(manifest).rows
    full = replace(SETTINGS, choices=True, wrong_texts=1, planted=2)
    cost = count_cost(rows, full, door)
    assert list(cost.parts) == ["rows", "wrong_texts", "choices", "planted", "checks", "report"]
    plain = cost.without(SETTINGS)
    assert list(plain.parts) == ["rows", "checks", "report"]
    assert plain.total + sum((cost.parts[name] for name in ("wrong_texts", "choices", "planted")), Part()) == cost.total
    twice = count_cost(rows, replace(full, models=("tiny", "tiny")), door)
    assert twice.total.photos == pytest.approx(2 * cost.total.photos, abs=6)
    with pytest.raises(InputError, match="write a sentence for each photo"):
        count_cost((), SETTINGS, door)
