"""The same answers on a CUDA device as on the CPU; skipped where there is none."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vtviz.attribution.attribute import attribute
from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH
from vtviz.models.registry import load_model
from vtviz.scenes.compose import write_scenes
from vtviz.training.recurrent.train import RecurrentConfig, train

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]
TEXT = "A brown cat with green eyes"
FEW = {"samples": 8, "window": 10}


@pytest.mark.parametrize("name", methods())
def test_maps_are_those_of_the_cpu(name: str, cat: ImageInput) -> None:
    method, maps = methods()[name], []
    for device in ("cpu", "cuda"):
        model = load_model("vtviz-base", torch.device(device))
        if method.supports(model.abilities, MATCH.kind) is not None:
            pytest.skip("vtviz-base does not have what this method needs")
        options = Options(**{key: value for key, value in FEW.items() if key in method.options})
        maps.append(attribute(model, cat, TEXT, method=name, options=options).image)
    np.testing.assert_allclose(maps[1], maps[0], atol=2e-2 * float(np.abs(maps[0]).max()))


def test_the_engine_takes_the_gpu_by_itself_and_says_the_same(cat: ImageInput) -> None:
    engine = LocalEngine()
    try:
        assert engine.device.type == "cuda"
        on_gpu, on_cpu = (engine.ask(Explain(cat, TEXT, device=device)) for device in (None, "cpu"))
        assert on_gpu.score == pytest.approx(on_cpu.score, abs=5e-3) and on_gpu.device != on_cpu.device
        captions = [engine.ask(WriteCaptions(cat, device=device))[0].text for device in (None, "cpu")]
        answers = [engine.ask(AnswerQuestion(cat, "Is there a cat?", device=device)).text for device in (None, "cpu")]
        assert captions[0] == captions[1] and answers[0] == answers[1]
    finally:
        engine.close()


def test_training_runs_on_the_gpu(tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", 40)
    trained = train(
        RecurrentConfig(
            str(tmp_path / "scenes"), tmp_path / "out", tmp_path / "cache", steps=8, batch=4, width=16, device="cuda"
        )
    )
    assert 0.0 <= trained.figures["auc"] <= 1.0 and (tmp_path / "out" / "model.safetensors").is_file()
