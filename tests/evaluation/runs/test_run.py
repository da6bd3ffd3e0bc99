"""Scoring pairs: once, resumed where it stopped, whatever goes wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vtviz.evaluation.figures.table import ranking_figures
from vtviz.evaluation.pairs.pair import read_pair_photo
from vtviz.evaluation.pairs.read import read_pairs
from vtviz.evaluation.runs import run as module
from vtviz.evaluation.runs.evaluation import ABOUT, common_pairs, read_evaluation
from vtviz.evaluation.runs.requests import ScoreTexts
from vtviz.evaluation.runs.run import run_evaluation
from vtviz.evaluation.runs.settings import Settings, settings_from
from vtviz.inputs import InputError
from vtviz.jobs.door import Door
from vtviz.models.base import ModelError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Cancelled, Watch

SETTINGS = Settings("tiny")


class Counted:
    """A door that counts what goes through, and fails or stops where it is told to."""

    def __init__(self, door: Door, stop_after: int | None = None, bad_text: str = "") -> None:
        self.door, self.stop_after, self.bad_text = door, stop_after, bad_text
        self.scored: list[ScoreTexts] = []

    def __call__(self, request: Any, watch: Watch, /) -> Any:
        if isinstance(request, ScoreTexts):
            if self.stop_after is not None and len(self.scored) >= self.stop_after:
                raise Cancelled
            self.scored.append(request)
            if self.bad_text in request.texts and self.bad_text:
                raise ModelError("The model answers with nothing.")
        return self.door(request, watch)


def test_scores_are_the_models_own(manifest: Path, tmp_path: Path, door: Door, tiny: VtvizBase) -> None:
    pairs = read_pairs(manifest)
    run_evaluation(pairs, SETTINGS, tmp_path / "out", door)
    found = read_evaluation(tmp_path / "out")
    assert len(found.scores) == 9 and sum(found.failures.values()) == 2
    (reason,) = found.failures
    assert "3.png cannot be used" in reason
    for pair, score in zip(pairs.pairs, found.scores, strict=False):
        features = tiny.encode_image(read_pair_photo(pair.image))
        with torch.inference_mode():
            logit = tiny.match_logits(features, [pair.text]).double()
        assert score == pytest.approx(float(logit.sigmoid()), abs=1e-6)
    assert found.scored.photo_count == 3 and found.scorer.threshold == found.start == tiny.threshold
    assert found.ranking == ranking_figures(found.scored)
    assert found.slice_keys["group"][:3] == ["even", "odd", "even"]


def test_a_cancelled_run_keeps_its_scores_and_goes_on(manifest: Path, tmp_path: Path, door: Door) -> None:
    pairs, out = read_pairs(manifest), tmp_path / "out"
    with pytest.raises(Cancelled):
        run_evaluation(pairs, SETTINGS, out, Counted(door, stop_after=2))
    assert not (out / ABOUT).exists()
    rest, watch = Counted(door), Watch()
    run_evaluation(pairs, SETTINGS, out, rest, watch)
    assert [request.texts for request in rest.scored] == [tuple(pair.text for pair in pairs.pairs[6:9])]
    whole = read_evaluation(out)
    run_evaluation(pairs, SETTINGS, tmp_path / "again", door)
    assert np.array_equal(whole.scores, read_evaluation(tmp_path / "again").scores)
    run_evaluation(pairs, SETTINGS, out, rest)
    assert len(rest.scored) == 1  # nothing is scored twice


def test_a_replaced_photo_and_changed_pairs_are_scored_again(manifest: Path, tmp_path: Path, door: Door) -> None:
    out = tmp_path / "out"
    run_evaluation(read_pairs(manifest), SETTINGS, out, door)
    (tmp_path / "0.png").write_bytes((tmp_path / "1.png").read_bytes())
    again = Counted(door)
    run_evaluation(read_pairs(manifest), SETTINGS, out, again)
    assert len(again.scored) == 1 and read_evaluation(out).scored.photo_count == 2
    manifest.write_text(manifest.read_text().replace("a dog runs", "a dog"))
    again = Counted(door)
    run_evaluation(read_pairs(manifest), SETTINGS, out, again)
    assert len(again.scored) == 3 and "a dog runs" not in read_evaluation(out).texts


def test_one_bad_text_does_not_cost_the_others(manifest: Path, tmp_path: Path, door: Door) -> None:
    watch = Watch()
    run_evaluation(read_pairs(manifest), SETTINGS, tmp_path / "out", Counted(door, bad_text="dog"), watch)
    found = read_evaluation(tmp_path / "out")
    assert "dog" not in found.texts and len(found.scores) == 6
    assert found.failures["The model answers with nothing."] == 3


def test_nothing_to_score_and_a_full_disk_give_one_sentence(
    manifest: Path, tmp_path: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").unlink()
    with pytest.raises(InputError, match=r"No pair could be scored. First reason: The photo 0\.png"):
        run_evaluation(read_pairs(manifest), SETTINGS, tmp_path / "out", door)
    with pytest.raises(InputError, match="missing or damaged"):
        read_evaluation(tmp_path / "out")

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device", "run")

    monkeypatch.setattr(module, "write_atomically", full)
    with pytest.raises(InputError, match="cannot be written to: No space left on device"):
        run_evaluation(read_pairs(manifest), SETTINGS, tmp_path / "full", door)


def test_pairs_that_two_evaluations_share(manifest: Path, tmp_path: Path, door: Door) -> None:
    for name, limit in (("a", 9), ("b", 4)):
        run_evaluation(read_pairs(manifest, limit), SETTINGS, tmp_path / name, door)
    first, second = (read_evaluation(tmp_path / name) for name in ("a", "b"))
    own, other = common_pairs(first, second)
    assert len(own) == 4 and [first.pair_keys[i] for i in own] == [second.pair_keys[i] for i in other]
    assert np.allclose(first.scores[own], second.scores[other])


def test_settings_come_back_from_plain_values() -> None:
    assert settings_from(Settings("m", 3).to_dict()) == Settings("m", 3)
    with pytest.raises(InputError, match="another version"):
        settings_from({"modell": "m"})
