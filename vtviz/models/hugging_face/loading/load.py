"""From what a name asks for to a network with its weights, tokenizer and preprocessing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import psutil
import torch
import transformers
from safetensors import SafetensorError, safe_open
from torch import nn

from vtviz.files import is_number
from vtviz.models.base import ModelError
from vtviz.models.finite import need_finite
from vtviz.models.hugging_face.abilities import ARCHITECTURES
from vtviz.models.hugging_face.attention import register
from vtviz.models.hugging_face.loading.checks import PREPROCESSOR, need_readable
from vtviz.models.hugging_face.loading.estimate import MARGIN, parameters, precision
from vtviz.models.hugging_face.loading.faults import lacks, unsupported
from vtviz.models.hugging_face.loading.files import configuration, described, folder_of, is_here, weights_in
from vtviz.models.hugging_face.loading.tokenizer import read_tokenizer
from vtviz.models.hugging_face.names import Spec
from vtviz.models.hugging_face.parts import Parts
from vtviz.models.open_clip.loading.weights import sha256_of
from vtviz.models.open_clip.towers.geometry import Preprocessing

RESAMPLING = {1: "lanczos", 2: "bilinear", 3: "bicubic"}  # Pillow's numbers
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4}
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def load_parts(spec: Spec, device: torch.device) -> Parts:
    """The network, tokenizer and preprocessing of a model.

    Raises:
        ModelError: if a part is missing, the parts do not fit together, or memory would not suffice.
    """
    config = configuration(spec)
    architecture = need_readable(spec.shown, config)
    if spec.grid is not None and not ARCHITECTURES[architecture].any_grid:
        raise ModelError("The input of {name} has one grid; leave the option grid out.", name=spec.shown)
    if spec.patches is not None and not ARCHITECTURES[architecture].shapes:
        raise ModelError("The number of patches is fixed in {name}; leave the option patches out.", name=spec.shown)
    if spec.registers and ARCHITECTURES[architecture].module != "dual.model":
        raise ModelError(
            "The option registers needs an image encoder whose class token is its answer, as in CLIP; leave it out for "
            "{name}.",
            name=spec.shown,
        )
    _check_kind(spec, architecture, config)
    numbers = parameters(config) or 0
    if not is_here(spec):  # before the download, too
        planned = DTYPES[precision(config, spec.dtype)]
        check_memory(spec.shown, numbers * planned.itemsize, device, planned)
    folder = folder_of(spec)
    files = weights_in(folder)
    preprocessing = _preprocessing(spec, folder)
    tokenizer = read_tokenizer(spec, folder)
    dtype = DTYPES.get(spec.dtype) or _own_dtype(ARCHITECTURES[architecture].keeps_dtype, files)
    check_memory(spec.shown, max(memory_needed(files, dtype), numbers * dtype.itemsize), device, dtype)
    network = _network(spec, architecture, folder, dtype)
    network.to(device)
    sha256 = _sha256(files)
    about = (spec.name, spec.shown, architecture, network, tokenizer, preprocessing, sha256, folder)
    return Parts(*about, grid=spec.grid, patches=spec.patches)


def _check_kind(spec: Spec, architecture: str, config: dict[str, Any]) -> None:
    """Refuses a configuration that contradicts itself, as those of other people's code may."""
    own, named = getattr(getattr(transformers, architecture, None), "config_class", None), config.get("model_type")
    if own is not None and named != own.model_type:
        raise ModelError(
            "The file config.json in {folder} names the architecture {architecture}, whose model_type is {own}, not "
            "{named}; correct it, or choose another model.",
            folder=spec.shown,
            architecture=architecture,
            own=own.model_type,
            named=str(named),
        )


def memory_needed(files: Sequence[Path], dtype: torch.dtype) -> int:
    """Bytes that the weights take in memory, as the heads of their files say."""
    total = 0
    for path in files:
        with _opened(path) as file:
            total += sum(prod(file.get_slice(name).get_shape()) for name in file.keys()) * dtype.itemsize  # noqa: SIM118
    return total


def check_memory(shown: str, needed: int, device: torch.device, dtype: torch.dtype) -> None:
    """Refuses a model that does not fit into what is free, before memory is taken. Raises ModelError if it does not."""
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    if needed * MARGIN <= free:
        return
    need, left = f"{needed * MARGIN / 1e9:.1f}", f"{free / 1e9:.1f}"
    if dtype.itemsize > 2:
        raise ModelError(
            "{name} needs about {need} GB of memory, and {free} GB are free; add ?dtype=bfloat16 to its name, or "
            "choose a smaller model.",
            name=shown,
            need=need,
            free=left,
        )
    raise ModelError(
        "{name} needs about {need} GB of memory, and {free} GB are free; close other programs, or choose a smaller "
        "model.",
        name=shown,
        need=need,
        free=left,
    )


def _own_dtype(keeps: bool, files: Sequence[Path]) -> torch.dtype:
    """That of the weights where the architecture keeps it, else float32."""
    if not keeps:
        return torch.float32
    with _opened(files[0]) as file:
        kinds = {file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118
    return torch.bfloat16 if "BF16" in kinds else torch.float16 if kinds == {"F16"} else torch.float32


def _opened(path: Path) -> Any:
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise ModelError(
            "The file {file} is damaged or incomplete, or is not a safetensors file; save or download it again.",
            file=path.name,
        ) from error


def _network(spec: Spec, architecture: str, folder: Path, dtype: torch.dtype) -> nn.Module:
    kind: Any = getattr(transformers, architecture, None)
    if kind is None:
        raise unsupported(spec.shown, architecture, {})
    transformers.utils.logging.disable_progress_bar()  # of files that are read from the disk
    options = {"local_files_only": True, "trust_remote_code": False, "use_safetensors": True, "dtype": dtype}
    network, about = kind.from_pretrained(
        folder, output_loading_info=True, attn_implementation=register(kind), **options
    )
    missing = sorted(about["missing_keys"])
    if missing or about.get("mismatched_keys"):
        raise ModelError(
            "The weights do not fit {name} ({reason}); name the architecture they were trained with.",
            name=spec.shown,
            reason=f"−{len(missing)}: {missing[0]}…" if missing else "≠",
        )
    try:
        need_finite(network)
    except ValueError as error:
        raise ModelError(
            "The file {file} is damaged or incomplete, or contains no weights; save or download it again.",
            file=weights_in(folder)[0].name,
        ) from error
    loaded: nn.Module = network.eval().requires_grad_(False)
    return loaded


def _preprocessing(spec: Spec, folder: Path) -> Preprocessing:
    settings = described(folder, PREPROCESSOR)
    settings = settings.get("image_processor", settings)
    if "image_mean" not in settings and "image_processor_type" not in settings:
        raise lacks(spec.shown, PREPROCESSOR[0])
    mean, std = (_colours(spec, settings, key) for key in ("image_mean", "image_std"))
    interpolation = RESAMPLING.get(settings.get("resample", 3), "bicubic")
    return Preprocessing((0, 0), (0, 0), mean, std, interpolation, spec.fit)


def _colours(spec: Spec, settings: dict[str, Any], key: str) -> tuple[float, float, float]:
    """A setting for red, green and blue; one number stands for all, as in transformers."""
    value = settings.get(key)
    value = 0.5 if value is None else value
    each = [value] * 3 if is_number(value) else value
    if isinstance(each, list) and len(each) == 3 and all(map(is_number, each)) and (key != "image_std" or all(each)):
        return each[0], each[1], each[2]
    raise ModelError(
        "The file {file} in {folder} has {value} as {key}; use a number, or one per colour, and not 0 for image_std.",
        file=PREPROCESSOR[0],
        folder=spec.shown,
        value=str(value),
        key=key,
    )


def _sha256(files: Sequence[Path]) -> str:
    """The sha256 of the only file, or of those of all."""
    each = [sha256_of(file) for file in files]
    return each[0] if len(each) == 1 else hashlib.sha256("".join(each).encode()).hexdigest()
