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

from vtviz.models.base import ModelError
from vtviz.models.progress import report

CONFIG = "open_clip_config.json"
SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
BLOCK = 2**22


def find_weights(path: Path) -> Path:
    """The file of weights at a path, which may be its folder.

    Raises:
        ModelError: if there is none, or a folder leaves a choice.
    """
    if path.is_file():
        if path.suffix not in SUFFIXES:
            raise ModelError(f"{path.name} is not a file of weights; vtviz reads {', '.join(SUFFIXES)}.")
        return path
    if not path.is_dir():
        raise ModelError(f"There is no file or folder {path}.")
    found = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES)
    if not found:
        raise ModelError(f"The folder {path.name} holds no weights ({', '.join(SUFFIXES)}).")
    preferred = _find_checkpoint_in_dir(path)
    if len(found) > 1 and not (preferred and Path(preferred).name.startswith(("open_clip", "model."))):
        names = ", ".join(each.name for each in found[:4])
        raise ModelError(f"The folder {path.name} holds several files of weights ({names}); name one of them.")
    return Path(preferred) if preferred else found[0]


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal; reports how far it is."""
    digest, size, done = hashlib.sha256(), max(1, path.stat().st_size), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            report("hash", done / size)
    return digest.hexdigest()


def check_file(path: Path) -> None:
    """Refuses files that hold no tensors, or more than tensors, before a network is built for them.

    Raises:
        ModelError: with the reason.
    """
    name = path.name
    try:
        if path.stat().st_size == 0:
            raise ModelError(f"The file {name} is empty.")
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                if not list(file.keys()):
                    raise ModelError(f"The file {name} holds no weights.")
            return
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if any(each.endswith("constants.pkl") for each in archive.namelist()):
                    raise ModelError(
                        f"{name} is a TorchScript archive, which holds code; save its state_dict as safetensors."
                    )
        held = torch.load(path, map_location="meta", weights_only=True, mmap=zipfile.is_zipfile(path))
    except ModelError:
        raise
    except SafetensorError as error:
        raise ModelError(f"The file {name} is damaged or cut short, or is not safetensors.") from error
    except pickle.UnpicklingError as error:
        raise ModelError(_refusal(name, str(error))) from error
    except (RuntimeError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"The file {name} is damaged or cut short, or holds no weights.") from error
    state = held.get("state_dict", held) if isinstance(held, dict) else None
    if not isinstance(state, dict) or not any(isinstance(each, torch.Tensor) for each in state.values()):
        raise ModelError(f"The file {name} holds no state_dict: its weights cannot be found.")


def _refusal(name: str, message: str) -> str:
    kind = re.search(r"GLOBAL ([\w.]+)", message)
    if kind is None:
        return f"The file {name} is damaged or cut short, or holds no weights."
    return (
        f"{name} holds more than weights ({kind.group(1)}), and loading that could run code; "
        "save its state_dict alone, best as safetensors."
    )


def build(model_name: str, weights: Path | None, quickgelu: bool | None, shown: str, **more: Any) -> nn.Module:
    """The network of an architecture (or a ``local-dir:``) with its weights, by open_clip's own factory.

    Raises:
        ModelError: if the weights do not fit, or a package or file for the network is missing.
    """
    chosen = {} if quickgelu is None else {"quick_gelu": quickgelu}
    pretrained = {} if weights is None else {"pretrained": str(weights)}
    try:
        network: nn.Module = open_clip.create_model(
            model_name,
            require_pretrained=True,
            weights_only=True,
            pretrained_text=False,
            **pretrained,
            **chosen,
            **more,
        )
        return network
    except (ImportError, AttributeError, NameError, TypeError) as error:
        raise ModelError(_missing(shown, error)) from error
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, KeyError, ValueError, OSError, AssertionError) as error:
        raise ModelError(_misfit(shown, error)) from error


def _missing(shown: str, error: Exception) -> str:
    if isinstance(error, ImportError) or "transformers" in str(error) or "AutoConfig" in str(error):
        return f"{shown} reads text with the package transformers; install it: pip install 'transformers>=5,<6'."
    return f"{shown} cannot be built: {str(error).splitlines()[0]}."


def _misfit(shown: str, error: Exception) -> str:
    text = str(error)
    if "transformers" in text and "pip install" in text:
        return _missing(shown, ImportError(text))
    if isinstance(error, AssertionError | KeyError):
        return f"The weights do not fit {shown} ({text}); name the architecture that they were trained with."
    if "loading state_dict" in text:
        missing = re.search(r"Missing key\(s\) in state_dict: (.*?)\. ", text + " ", re.S)
        unexpected = re.search(r"Unexpected key\(s\) in state_dict: (.*?)\. ", text + " ", re.S)
        parts = [
            f"{what} {len(found.group(1).split(', '))} weights, such as {found.group(1).split(', ')[0]}"
            for what, found in (("it lacks", missing), ("it does not know", unexpected))
            if found
        ]
        sizes = text.count("size mismatch for")
        parts += [f"{sizes} have another size"] if sizes else []
        detail = f" ({'; '.join(parts)})" if parts else ""
        return f"The weights do not fit {shown}{detail}; name the architecture that they were trained with."
    if "huggingface.co" in text or "connect" in text.lower() or "offline" in text.lower():
        return (
            f"{shown} needs the settings of its text tower from the Hugging Face hub, which cannot be reached; "
            "connect once, or use an architecture with a tower of its own."
        )
    return f"{shown} cannot be loaded: {text.splitlines()[0] if text else type(error).__name__}."
