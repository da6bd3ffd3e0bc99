"""The machine: devices, memory, versions."""

from __future__ import annotations

import ctypes
import errno
import gc
import importlib.metadata
import platform
import sys

import psutil
import torch

from vtviz.inputs import InputError

LOOPBACK = ("127.0.0.1", "localhost", "::1")  # addresses that only this machine reaches
CAUSES = 8  # errors looked at, from the last to what led to it
FULL = (
    *("out of memory", "can't allocate memory", "Cannot allocate memory", "std::bad_alloc", "bad allocation"),
    *("failed to map segment", "could not create a memory object", "unable to mmap"),
)
PACKAGES = ("torch", "timm", "open_clip_torch", "tokenizers", "pillow", "captum")


def choose_device(name: str = "auto") -> torch.device:
    """The device of this name; ``auto`` is the GPU (CUDA, then Apple's MPS) where there is one, otherwise the CPU.

    Raises:
        InputError: if the name means nothing, or the device is not there.
    """
    if name == "auto":
        return torch.device(device_names()[0])
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError("There is no device called {name}; use auto, cpu, cuda or mps.", name=name) from error
    if device.type not in ("cpu", "cuda", "mps"):
        raise InputError("vtviz does not run on {device}; use auto, cpu, cuda or mps.", device=device.type)
    missing = device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()
    if missing or (device.type == "mps" and not torch.backends.mps.is_available()):
        raise InputError("This machine has no device {name}; use auto or cpu.", name=name)
    return device


def device_names() -> list[str]:
    """The devices of this machine, the fastest first."""
    cuda = [f"cuda:{index}" for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return [*cuda, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def trim_heap() -> None:
    """Gives what was freed in small pieces back to the machine; glibc keeps 1 GB of it after a few models, and some
    100 MB after minutes of many users."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def release_memory() -> None:
    """Gives memory that nothing refers to any more back to the machine."""
    gc.collect()
    trim_heap()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def synchronise(device: torch.device) -> None:
    """Waits until a device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that led to it, says that the memory of a device or of the machine is full."""
    seen: BaseException | None = error
    for _ in range(CAUSES):
        if seen is None:
            return False
        if isinstance(seen, torch.OutOfMemoryError | MemoryError) or getattr(seen, "errno", None) == errno.ENOMEM:
            return True
        if any(sign in str(seen) for sign in FULL):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def device_label(device: torch.device) -> str:
    """The device for a person: the GPU's name, or the number of CPU threads in use."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    if device.type == "mps":
        return "Apple GPU (MPS)"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"


def memory_mb(device: torch.device) -> float:
    """Memory in use, in MiB: by torch on a GPU, by this process on the CPU."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device) / 2**20
    if device.type == "mps":
        return torch.mps.current_allocated_memory() / 2**20
    return psutil.Process().memory_info().rss / 2**20


def free_memory_mb() -> float:
    """Memory of this machine that programs can still have, in MB."""
    return float(psutil.virtual_memory().available) / 1e6


def versions() -> dict[str, str]:
    """Versions of Python, vtviz and the packages that the figures depend on."""
    import vtviz

    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "vtviz": vtviz.__version__, **packages}
