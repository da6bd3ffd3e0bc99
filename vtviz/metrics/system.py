"""The machine: devices, memory, versions."""

from __future__ import annotations

import importlib.metadata
import platform

import psutil
import torch

from vtviz.inputs import InputError

PACKAGES = ("torch", "timm", "open_clip_torch", "tokenizers", "pillow", "captum")


def choose_device(name: str = "auto") -> torch.device:
    """The device of this name; ``auto`` is the GPU where there is one, otherwise the CPU.

    Raises:
        InputError: if the name means nothing, or the device is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError("There is no device called {name}; use auto, cpu or cuda.", name=name) from error
    if device.type not in ("cpu", "cuda"):
        raise InputError("vtviz does not run on {device}; use auto, cpu or cuda.", device=device.type)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError("This machine has no device {name}; use auto or cpu.", name=name)
    return device


def device_label(device: torch.device) -> str:
    """The device for a person: the GPU's name, or the number of CPU threads in use."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"


def memory_mb(device: torch.device) -> float:
    """Memory in use, in MiB: by torch on a GPU, by this process on the CPU."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device) / 2**20
    return psutil.Process().memory_info().rss / 2**20


def versions() -> dict[str, str]:
    """Versions of Python, vtviz and the packages that the figures depend on."""
    import vtviz

    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "vtviz": vtviz.__version__, **packages}
