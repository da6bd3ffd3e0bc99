"""From what a name asks for to a network with its weights, tokenizer and preprocessing."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.model import _build_vision_tower
from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

from vtviz.files import JSON_BYTES, parse_json, read_bytes
from vtviz.models.base import ModelError
from vtviz.models.open_clip.loading.config import check_described, check_size
from vtviz.models.open_clip.loading.hub import WEIGHTS, cached, fetch
from vtviz.models.open_clip.loading.weights import (
    CONFIG,
    build,
    check_file,
    check_finite,
    find_weights,
    sha256_of,
    without_transformers,
)
from vtviz.models.open_clip.names import AUTO, Norm, Spec
from vtviz.models.open_clip.parts import Parts
from vtviz.models.open_clip.presets import preset
from vtviz.models.open_clip.text import BpeReader, HuggingFaceReader, Reader
from vtviz.models.open_clip.towers.geometry import Preprocessing
from vtviz.models.open_clip.towers.vision import vision_tower

NORM: dict[Norm, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "openai": (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
DECODER = "multimodal_cfg"
PROBE = "A dog, two cats."
QUICKGELU = (
    "A weight file does not say whether it was trained with QuickGELU, as those of OpenAI, MetaCLIP and DFN were; "
    "if it was, add quickgelu=1 to the name."
)


@dataclass(frozen=True)
class Source:
    """Where a model's parts come from: ``factory`` is the architecture, or a folder that describes itself."""

    factory: str
    weights: Path
    config: dict[str, Any]
    preprocess: dict[str, Any]
    quickgelu: bool | None
    tokenizer: str
    notices: tuple[str, ...] = field(default=())


def load_parts(spec: Spec, device: torch.device) -> Parts:
    """The network, tokenizer and preprocessing of a model.

    Raises:
        ModelError: if a part is missing, or they do not fit together.
    """
    source = _source(spec)
    check_file(source.weights)
    check_size(source.config, source.weights)
    local = source.factory.startswith("local-dir:")
    shown = source.weights.parent.name if local else source.factory
    network = build(source.factory, None if local else source.weights, source.quickgelu, shown)
    check_finite(network, source.weights)
    reader = _reader(source, shown)
    known = preset(spec.name)
    notices = (known.notice,) if known and known.notice else ()
    preprocessing = _preprocessing(spec, source, network)
    network.to(device)
    return Parts(spec.name, network, reader, preprocessing, sha256_of(source.weights), (*notices, *source.notices))


def is_here(spec: Spec) -> bool:
    """Whether a model can be loaded without a download of its weights."""
    if spec.path is not None:
        return True
    if spec.hub is not None:
        return cached(spec.hub, (CONFIG,)) is not None and cached(spec.hub, WEIGHTS) is not None
    repository, names = _tag_files(spec)
    return bool(repository) and cached(repository, names) is not None


def writes(spec: Spec) -> bool:
    """Whether a model has CoCa's decoder. Of a hub's model that is not here yet, its name says so."""
    if spec.path is not None and spec.architecture == AUTO:
        folder = spec.path if spec.path.is_dir() else spec.path.parent
        return (folder / CONFIG).is_file() and DECODER in _described(folder)["model_cfg"]
    if spec.hub is not None:
        file = cached(spec.hub, (CONFIG,))
        return "coca" in spec.hub.lower() if file is None else DECODER in _described(file.parent)["model_cfg"]
    return DECODER in _architecture(spec.architecture)


def _source(spec: Spec) -> Source:
    if spec.hub is not None:
        folder = fetch(spec.hub, (CONFIG,)).parent
        weights = fetch(spec.hub, WEIGHTS)
        described = _described(folder)
        return Source(
            f"local-dir:{folder}",
            weights,
            described["model_cfg"],
            described.get("preprocess_cfg", {}),
            spec.quickgelu,
            f"hf-hub:{spec.hub}",
        )
    if spec.path is not None:
        return _local(spec, spec.path)
    config = _architecture(spec.architecture)
    repository, names = _tag_files(spec)
    tag = open_clip.get_pretrained_cfg(spec.architecture, spec.tag or "")
    if not repository or cached(repository, names) is None:
        _check_image_tower(config)
    weights = fetch(repository, names) if repository else Path(open_clip.download_pretrained(tag))
    quick = bool(tag.get("quick_gelu", False)) if spec.quickgelu is None else spec.quickgelu
    return Source(spec.architecture, weights, config, tag, quick, spec.architecture)


def _local(spec: Spec, path: Path) -> Source:
    folder = path if path.is_dir() else path.parent
    if spec.architecture == AUTO and path.exists() and not (folder / CONFIG).is_file():
        raise ModelError(
            "{folder} has no open_clip_config.json; name the architecture: open_clip:ARCH@{path}.",
            folder=folder.name,
            path=path,
        )
    weights = find_weights(path)
    described = _described(folder) if (folder / CONFIG).is_file() else {}
    preprocess = described.get("preprocess_cfg", {})
    readable = any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json"))
    if spec.architecture == AUTO:
        if not path.is_dir():
            raise ModelError("auto needs a folder, not a file; write open_clip:auto@{folder}.", folder=folder)
        factory = f"local-dir:{folder}"
        return Source(factory, weights, described["model_cfg"], preprocess, spec.quickgelu, factory)
    config = _architecture(spec.architecture)
    notices: tuple[str, ...] = ()
    if spec.quickgelu is None and not config.get("quick_gelu") and not described and _may_be_quick(spec.architecture):
        notices = (QUICKGELU,)
    tokenizer = f"folder:{folder}" if readable else spec.architecture
    preprocess = preprocess or _usual_preprocess(spec.architecture)
    return Source(spec.architecture, weights, config, preprocess, spec.quickgelu, tokenizer, notices)


def _architecture(name: str) -> dict[str, Any]:
    config: dict[str, Any] | None = open_clip.get_model_config(name)
    if config is None:
        near = difflib.get_close_matches(name, open_clip.list_models(), 3, 0.5)
        if near:
            raise ModelError(
                "open_clip has no architecture {name}; did you mean {near}?", name=name, near=" / ".join(near)
            )
        raise ModelError("open_clip has no architecture {name}; docs/models.md explains how to list them.", name=name)
    return config


def _check_image_tower(config: dict[str, Any]) -> None:
    """Refuses, before a download, an architecture whose image tower vtviz does not read; no memory is taken."""
    with torch.device("meta"):
        visual = _build_vision_tower(config["embed_dim"], config["vision_cfg"], config.get("quick_gelu", False))
    vision_tower(visual)


def _tag_files(spec: Spec) -> tuple[str, tuple[str, ...]]:
    """The repository and file names of a tag; an empty repository where the tag has an address of its own."""
    _architecture(spec.architecture)
    tag = open_clip.get_pretrained_cfg(spec.architecture, spec.tag or "")
    if not tag:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(spec.architecture)) or "none"
        raise ModelError(
            "{name} has no weights called {tag}; choose one of: {tags}.",
            name=spec.architecture,
            tag=spec.tag,
            tags=tags,
        )
    repository, _, file = tag.get("hf_hub", "").rpartition("/")
    if not file:
        return repository, WEIGHTS
    return repository, (f"{Path(file).stem}.safetensors", file) if file.endswith((".bin", ".pt", ".pth")) else (file,)


def _described(folder: Path) -> dict[str, Any]:
    try:
        described = parse_json(read_bytes(folder / CONFIG, JSON_BYTES).decode())
    except (OSError, ValueError) as error:
        raise ModelError(
            "The file {file} in {folder} is not valid JSON; correct it.", file=CONFIG, folder=folder.name
        ) from error
    if not isinstance(described, dict) or "model_cfg" not in described:
        raise ModelError(
            "The file {file} in {folder} has no model_cfg; add the architecture there.", file=CONFIG, folder=folder.name
        )
    check_described(described, folder.name)
    return described


def _may_be_quick(architecture: str) -> bool:
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    return any(open_clip.get_pretrained_cfg(architecture, tag).get("quick_gelu") for tag in tags)


def _usual_preprocess(architecture: str) -> dict[str, Any]:
    """That of the architecture's published weights, where they agree."""
    tags = open_clip.list_pretrained_tags_by_model(architecture.removesuffix("-quickgelu"))
    kept = ("mean", "std", "interpolation")
    published = [
        {key: value for key, value in open_clip.get_pretrained_cfg(architecture, tag).items() if key in kept}
        for tag in tags
    ]
    return published[0] if published and all(settings == published[0] for settings in published) else {}


def _preprocessing(spec: Spec, source: Source, network: Any) -> Preprocessing:
    size = vision_tower(network.visual).size
    mean, std = NORM[spec.norm or "openai"]
    if spec.norm is None:
        mean, std = source.preprocess.get("mean") or mean, source.preprocess.get("std") or std
    interpolation = source.preprocess.get("interpolation") or "bicubic"
    return Preprocessing(size, size, tuple(mean), tuple(std), interpolation, spec.fit)


def _reader(source: Source, shown: str) -> Reader:
    text = source.config["text_cfg"]
    length = int(text.get("context_length", 77))
    wanted = text.get("hf_tokenizer_name") or ""
    try:
        if source.tokenizer.startswith("folder:") and wanted:
            folder = source.tokenizer.removeprefix("folder:")
            tokenizer: Any = HFTokenizer(folder, context_length=length, **text.get("tokenizer_kwargs", {}))
        else:
            name = source.tokenizer
            tokenizer = open_clip.get_tokenizer(source.factory if name.startswith("folder:") else name)
    except ImportError as error:
        raise without_transformers(shown) from error
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelError(
            "The tokenizer {name} is not on this machine, and the Hugging Face Hub cannot be reached; go online "
            "once, or put its tokenizer.json next to the weights.",
            name=wanted or shown,
        ) from error
    if isinstance(tokenizer, SimpleTokenizer) and tokenizer.reduction_fn is None:
        reader: Reader = BpeReader(tokenizer, length)
    elif isinstance(tokenizer, HFTokenizer) and tokenizer.tokenizer_mode == "":
        reader = HuggingFaceReader(tokenizer, length)
    else:
        raise ModelError("vtviz does not support the tokenizer of {name}; choose another model.", name=shown)
    if reader.row(reader.read(PROBE).ids)[0] != tokenizer([PROBE], context_length=length)[0].tolist():
        raise ModelError("vtviz does not support the tokenizer of {name}; choose another model.", name=shown)
    return reader
