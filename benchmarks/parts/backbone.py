"""Ways to run the frozen backbone of vtviz-base on a CPU: each one's time over that of the plain one, and how far its
features are from it."""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from benchmarks.measure import Figure, in_turn, is_installed, missing, with_version
from vtviz.models.registry import DEFAULT_MODEL, load_model
from vtviz.models.vtviz_base.model import VtvizBase

PART, SIDE = "Backbone", 320
PLAIN = "as it is"
RUNTIMES = {"onnxruntime": ("onnxruntime", "onnx", "onnxscript"), "openvino": ("openvino",)}  # and what each needs
Way = Callable[[Tensor], Tensor]


def measure(rounds: int) -> Iterator[Figure]:
    """Channels last, bfloat16, the compiler, and the runtimes of others, on one photo."""
    model = load_model(DEFAULT_MODEL)
    assert isinstance(model, VtvizBase)
    network = model.network.backbone.eval()
    pixels = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    ways: dict[str, Way] = {PLAIN: network}
    notes = dict[str, str]()
    with tempfile.TemporaryDirectory() as folder:
        for name, make in _makers(network, pixels, Path(folder)).items():
            try:
                ways[name] = make()
            except Exception as error:
                notes[name] = f"{type(error).__name__}: {error}".partition("\n")[0][:100]
        with torch.inference_mode():
            times = in_turn({name: partial(way, pixels) for name, way in ways.items()}, rounds)
            plain = network(pixels)
            for name in times.medians.keys() - {PLAIN}:
                apart = float((ways[name](pixels) - plain).abs().max() / plain.abs().max())
                notes[name] = f"largest difference {apart:.0e} of the highest feature"
    for name, seconds in times.medians.items():
        if name == PLAIN:
            yield Figure(PART, name, seconds * 1000, "ms", rounds)
        else:
            yield Figure(PART, name, seconds / times.medians[PLAIN], "× as it is", rounds, notes[name])
    failures = {name: notes[name] for name in notes.keys() - times.medians.keys()} | times.failures
    yield from (Figure(PART, name, None, note=f"does not run here: {why}") for name, why in failures.items())
    absent = [name for needed in RUNTIMES.values() for name in needed if not is_installed(name)]
    yield from (missing(PART, name) for name in absent)


def _makers(network: nn.Module, pixels: Tensor, folder: Path) -> dict[str, Callable[[], Way]]:
    """How to make each way, by name."""
    makers: dict[str, Callable[[], Way]] = {
        "channels last": lambda: _channels_last(copy.deepcopy(network)),
        "bfloat16": lambda: partial(_in_bfloat16, network),
        f"torch.compile {torch.__version__}": lambda: cast(Way, torch.compile(copy.deepcopy(network))),
    }
    if all(is_installed(name) for name in RUNTIMES["onnxruntime"]):
        makers[with_version("onnxruntime")] = lambda: _onnx_runtime(network, pixels, folder)
    if is_installed("openvino"):
        makers[with_version("openvino")] = lambda: _openvino(network, pixels)
    return makers


def _channels_last(network: nn.Module) -> Way:
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def run(pixels: Tensor) -> Tensor:
        features: Tensor = network(pixels.contiguous(memory_format=torch.channels_last))
        return features

    return run


def _in_bfloat16(network: nn.Module, pixels: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        features: Tensor = network(pixels)
    return features.float()


def _onnx_runtime(network: nn.Module, pixels: Tensor, folder: Path) -> Way:
    import onnxruntime

    file = folder / "backbone.onnx"
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (pixels,), str(file), dynamo=True, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session: Any = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda given: torch.from_numpy(session.run(None, {name: given.numpy()})[0])


def _openvino(network: nn.Module, pixels: Tensor) -> Way:
    import openvino

    hints = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "INFERENCE_PRECISION_HINT": "f32"}
    compiled: Any = openvino.compile_model(openvino.convert_model(network, example_input=pixels), "CPU", hints)
    return lambda given: torch.from_numpy(compiled(given.numpy())[0])
