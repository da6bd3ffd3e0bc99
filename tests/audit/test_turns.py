"""An audit on an engine that others use: they get in between the passes of a row, and change none of its figures."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.audit.conftest import SETTINGS
from vtviz.attribution.attribute import attribute
from vtviz.audit.audit import run_audit
from vtviz.audit.background import AuditJobs
from vtviz.audit.requests import MeasureRow
from vtviz.audit.rows.row import measure_row
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.jobs.door import Door
from vtviz.jobs.history import History
from vtviz.manifests.read import read_manifest
from vtviz.metrics.registry import metrics
from vtviz.models.base import Target
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Watch

OTHERS: Sequence[tuple[str, str, Target]] = (
    ("attention_gradcam", "a dog", Target()),
    ("raw_attention", "skateboarder", Target("caption", 0)),
    ("relevancy", "a dog runs", Target("answer", 1)),
)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def test_a_request_is_answered_before_the_row_ends(
    tiny_engine: LocalEngine, manifest: Path, photo: ImageInput, tmp_path: Path
) -> None:
    order: list[str] = []

    def door(request: Any, watch: Watch) -> Any:
        found = tiny_engine.ask(request, watch)
        order.append("row" if isinstance(request, MeasureRow) else "part")
        return found

    jobs = AuditJobs(History(tmp_path), door)
    row = jobs.start("mine", manifest, replace(SETTINGS, limit=1, probes=1, steps=20))
    until(lambda: "part" in order)  # the models were looked up, and the row has begun
    tiny_engine.ask(Explain(photo, "a dog", "tiny"))
    order.append("answer")
    until(lambda: "row" in order)
    assert order[:3] == ["part", "answer", "row"]
    jobs.cancel(row.id)
    jobs.close()


def disturbances(model: VtvizBase, photo: ImageInput) -> Watch:
    """A watch that explains something else in every pause, and draws random numbers as the loading of a model does."""
    count = 0

    def pause() -> None:
        nonlocal count
        method, text, target = OTHERS[count % len(OTHERS)]
        count += 1
        with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
            torch.rand(7)
            attribute(model, photo, text, target, method)

    return Watch(pause=pause)


def test_explanations_in_the_pauses_change_no_figure(
    tiny: VtvizBase, photo: ImageInput, manifest: Path, tmp_path: Path, door: Door
) -> None:
    rows = read_manifest(manifest, 1)
    measured = tuple(name for name in metrics() if name != "normalised_aopc")  # the same passes as aopc, and many
    settings = replace(SETTINGS, methods=("attention_gradcam",), metrics=measured, probes=1)
    alone = run_audit(rows, settings, tmp_path / "alone", door)
    beside = run_audit(rows, settings, tmp_path / "beside", door, watch=disturbances(tiny, photo))
    assert alone["summary"] == beside["summary"]


@pytest.mark.parametrize("method", ["integrated_gradients", "kernel_shap"])  # gradients, torch's random numbers
def test_explanations_in_the_pauses_of_slow_methods_change_no_figure(
    tiny: VtvizBase, photo: ImageInput, manifest: Path, method: str
) -> None:
    settings = replace(SETTINGS, methods=(method,), metrics=("coverage",))
    row = read_manifest(manifest).rows[0]
    image = row.photo()
    measured = partial(measure_row, tiny, "tiny", row, image, tiny.encode_image(image), settings)
    assert measured(Watch())[0] == measured(disturbances(tiny, photo))[0]


@dataclass(frozen=True)
class Draw:
    """Draws random numbers after a pause, and says which modes torch is in."""

    number: int
    slow: bool
    entered: threading.Event
    told: threading.Event
    model = "tiny"
    device = None
    key = None

    def answer(self, model: Any, workbench: Any, watch: Watch) -> tuple[torch.Tensor, bool, bool]:
        if not self.slow:
            return torch.rand(1), torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        with torch.random.fork_rng(devices=[]), torch.inference_mode():
            torch.manual_seed(0)
            self.entered.set()
            until(lambda: (watch.check(), self.told.wait(0.01))[1])
            return torch.rand(3), torch.is_grad_enabled(), torch.is_inference_mode_enabled()


def test_work_in_a_pause_has_gradients_and_leaves_random_numbers_alone(tiny_engine: LocalEngine) -> None:
    entered, told = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(tiny_engine.ask, Draw(1, True, entered, told))
        assert entered.wait(60)
        seen = tiny_engine.ask(Draw(2, False, entered, told))
        told.set()
        drawn = slow.result(60)
    assert seen[1:] == (True, False)
    assert torch.equal(drawn[0], torch.rand(3, generator=torch.Generator().manual_seed(0)))
