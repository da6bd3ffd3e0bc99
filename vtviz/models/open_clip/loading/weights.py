"""Files of weights: found, hashed, and loaded without running any code that they may hold."""

from __future__ import annotations

import hashlib
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.factory import _find_checkpoint_in_dir
from safetensors import SafetensorError, safe_open
from torch import nn

from vtviz.machine import is_out_of_memory
from vtviz.models.base import ModelError
from vtviz.models.finite import need_finite
from vtviz.models.open_clip.faults import first_line
from vtviz.watch import current_watch

CONFIG = "open_clip_config.json"
SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
CHUNK = 2**22


def find_weights(path: Path) -> Path:
    """The file of weights at a path, which may be its folder.

    Raises:
        ModelError: if there is none, or a folder leaves a choice.
    """
    if path.is_file():
        if path.suffix not in SUFFIXES:
            raise ModelError(
                "{file} is not a weight file; vtviz reads {kinds}.", file=path.name, kinds=", ".join(SUFFIXES)
            )
        return path
    if not path.is_dir():
        raise ModelError("There is no file or folder {path}; check the path.", path=path)
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    if not files:
        raise ModelError(
            "The folder {folder} contains no weight file; add one of these kinds: {kinds}.",
            folder=path.name,
            kinds=", ".join(SUFFIXES),
        )
    preferred = _find_checkpoint_in_dir(path)
    if len(files) > 1 and not (preferred and Path(preferred).name.startswith(("open_clip", "model."))):
        names = ", ".join(file.name for file in files[:4])
        raise ModelError(
            "The folder {folder} holds several weight files ({names}); name one of them.",
            folder=path.name,
            names=names,
        )
    return Path(preferred) if preferred else files[0]


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal; the current watch hears how far it is."""
    digest, size, done = hashlib.sha256(), max(1, path.stat().st_size), 0
    watch = current_watch()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            watch.reach("hash", done, size)
    return digest.hexdigest()


def check_file(path: Path) -> None:
    """Refuses files that hold no tensors, or more than tensors, before a network is built for them.

    Raises:
        ModelError: with the reason.
    """
    name = path.name
    try:
        if path.stat().st_size == 0:
            raise ModelError("The file {file} is empty; save or download it again.", file=name)
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                if not list(file.keys()):
                    raise ModelError("The file {file} contains no weights; choose another file.", file=name)
            return
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if any(member.endswith("constants.pkl") for member in archive.namelist()):
                    raise ModelError(
                        "{file} is a TorchScript archive, which contains code; save its state_dict as safetensors.",
                        file=name,
                    )
        held = torch.load(path, map_location="meta", weights_only=True, mmap=zipfile.is_zipfile(path))
    except ModelError:
        raise
    except SafetensorError as error:
        raise ModelError(
            "The file {file} is damaged or incomplete, or is not a safetensors file; save or download it again.",
            file=name,
        ) from error
    except pickle.UnpicklingError as error:
        raise _refusal(name, str(error)) from error
    except Exception as error:  # a damaged archive or pickle may raise anything
        if is_out_of_memory(error):
            raise MemoryError from error
        raise ModelError(
            "The file {file} is damaged or incomplete, or contains no weights; save or download it again.", file=name
        ) from error
    state = held.get("state_dict", held) if isinstance(held, dict) else None
    if not isinstance(state, dict) or not any(isinstance(value, torch.Tensor) for value in state.values()):
        raise ModelError("The file {file} contains no state_dict; save the model's state_dict.", file=name)


def check_finite(network: nn.Module, weights: Path) -> None:
    """Refuses weights of which one is not a number. Raises ModelError where there is one."""
    try:
        need_finite(network)
    except ValueError as error:
        raise ModelError(
            "The file {file} is damaged or incomplete, or contains no weights; save or download it again.",
            file=weights.name,
        ) from error


def _refusal(name: str, message: str) -> ModelError:
    kind = re.search(r"GLOBAL ([\w.]+)", message)
    if kind is None:
        return ModelError(
            "The file {file} is damaged or incomplete, or contains no weights; save or download it again.", file=name
        )
    return ModelError(
        "{file} holds more than weights ({kind}), and loading it could run code; save only its state_dict, "
        "preferably as safetensors.",
        file=name,
        kind=kind.group(1),
    )


def build(model_name: str, weights: Path | None, quickgelu: bool | None, shown: str) -> nn.Module:
    """The network of an architecture (or a ``local-dir:``) with its weights, by open_clip's own factory.

    Raises:
        ModelError: if the weights do not fit, or a package or file for the network is missing.
    """
    options: dict[str, Any] = {} if quickgelu is None else {"quick_gelu": quickgelu}
    options |= {} if weights is None else {"pretrained": str(weights)}
    try:
        network: nn.Module = open_clip.create_model(
            model_name, require_pretrained=True, weights_only=True, pretrained_text=False, **options
        )
        return network
    except (ImportError, AttributeError, NameError, TypeError) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        raise _missing(shown, error) from error
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except (RuntimeError, KeyError, ValueError, OSError, AssertionError) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        raise _misfit(shown, error) from error


def without_transformers(shown: str) -> ModelError:
    """The error where the package that reads texts is missing."""
    return ModelError(
        "{name} needs the package transformers to read text; install it: pip install 'transformers>=5,<6'.", name=shown
    )


def _missing(shown: str, error: Exception) -> ModelError:
    if isinstance(error, ImportError) or "transformers" in str(error) or "AutoConfig" in str(error):
        return without_transformers(shown)
    return ModelError("{name} cannot be built: {reason}.", name=shown, reason=first_line(error))


def _misfit(shown: str, error: Exception) -> ModelError:
    text = str(error)
    if "transformers" in text and "pip install" in text:
        return without_transformers(shown)
    if "loading state_dict" in text or isinstance(error, AssertionError | KeyError):
        return ModelError(
            "The weights do not fit {name} ({reason}); name the architecture they were trained with.",
            name=shown,
            reason=_difference(text) or first_line(error),
        )
    if "huggingface.co" in text or "connect" in text.lower() or "offline" in text.lower():
        return ModelError(
            "{name} needs text encoder settings from the Hugging Face Hub, which cannot be reached; go online once, "
            "or use an architecture with a built-in text encoder.",
            name=shown,
        )
    return ModelError("{name} cannot be loaded: {reason}.", name=shown, reason=first_line(error))


def _difference(text: str) -> str:
    """What torch says about a state_dict that does not fit, in a few words."""
    parts = []
    for what, sign in (("Missing", "−"), ("Unexpected", "+")):
        match = re.search(rf"{what} key\(s\) in state_dict: (.*?)\. *\n", text + "\n", re.S)
        if match:
            keys = match.group(1).split(", ")
            parts.append(f"{sign}{len(keys)}: {keys[0]}…")
    sizes = re.findall(r"size mismatch for ([\w.]+)", text)
    parts += [f"≠{len(sizes)}: {sizes[0]}…"] if sizes else []
    return ", ".join(parts)
