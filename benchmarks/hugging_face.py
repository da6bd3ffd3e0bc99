"""Full-size models of transformers with random weights: an explanation over the plain pass, memory over the weights.

    python -m benchmarks.hugging_face [--kinds blip,smolvlm,tiles] [--rounds 3]

``blip`` has the size of BLIP-base, ``smolvlm`` that of SmolVLM-500M with one picture, ``tiles`` the same with the
tiles of the photo. Weights are made by another process, so that they do not count. Times are of the processor, since
the machine may be busy; plain passes and explanations, by the default method and by one that differentiates the whole
network, take turns. Memory is what comes on top of Python with the library's code.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.registry import usual_method
from vtviz.inputs import ImageInput, read_image
from vtviz.models.base import MATCH, for_photo
from vtviz.models.registry import load_model
from vtviz.paths import ASSETS

WHOLE = "relevancy"  # differentiates every layer
TEXT = "a cup of coffee and a plate on a wooden table next to a spoon"
QUESTION = "Does this description fit the photo ? Answer yes no Yes No ."
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "<image>", "<fake_token_around_image>", "<global-img>")
MODULES = {
    "blip": ("vtviz.models.hugging_face.loading.load", "vtviz.models.hugging_face.blip.matching"),
    "smolvlm": (
        "vtviz.models.hugging_face.loading.load",
        "vtviz.models.hugging_face.decoder.model",
        "transformers.models.smolvlm.modeling_smolvlm",
        "transformers.models.llama.modeling_llama",
    ),
}
MODULES["tiles"] = MODULES["smolvlm"]
SMOLVLM_TEXT = {
    "model_type": "llama",
    "vocab_size": 49280,
    "hidden_size": 960,
    "intermediate_size": 2560,
    "num_hidden_layers": 32,
    "num_attention_heads": 15,
    "num_key_value_heads": 5,
}
SMOLVLM_VISION = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "image_size": 512,
    "patch_size": 16,
}


def save(kind: str, folder: Path) -> None:
    """A folder of random weights, a tokenizer of words, and what prepares photos."""
    torch.manual_seed(0)
    if kind == "blip":
        network: Any = transformers.BlipForImageTextRetrieval(transformers.BlipConfig())
    else:
        config = transformers.SmolVLMConfig(
            text_config=SMOLVLM_TEXT, vision_config=SMOLVLM_VISION, image_token_id=4, scale_factor=4
        )
        network = transformers.SmolVLMForConditionalGeneration(config)
    network.save_pretrained(folder)
    pieces = [*SPECIAL, *sorted({*TEXT.split(), *QUESTION.split()})]
    inner = Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", eos_token="[SEP]"
    )
    names = [f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)]
    tokenizer.add_special_tokens({"additional_special_tokens": [*SPECIAL[4:], *names]})
    tokenizer.save_pretrained(folder)
    about: dict[str, Any] = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": {"longest_edge": 2048}}
    about["do_image_splitting"] = kind == "tiles"
    (folder / "preprocessor_config.json").write_text(json.dumps(about))


def measure(kind: str, folder: Path, rounds: int) -> dict[str, object]:
    """Medians of the plain pass and of an explanation of one forward and one backward pass, and the peak of memory."""
    image = read_image((ASSETS / "samples" / "coffee.jpg").read_bytes())
    for module in MODULES[kind]:
        importlib.import_module(module)
    before = peak_mb()
    model: Any = for_photo(load_model(f"hf:{folder}"), image)
    weights = sum(value.nbytes for value in model.network.parameters()) / 1e6
    loaded = peak_mb()
    chosen = [usual_method(model, MATCH.kind).name, WHOLE]
    runs: dict[str, Callable[[], object]] = {"plain": plain_pass(kind, model, image)}
    runs |= {name: partial(explain, model, image, name) for name in chosen}
    times: dict[str, list[float]] = {name: [] for name in runs}
    peaks = {"loading": loaded}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            began = time.process_time()
            run()
            peaks.setdefault(name, peak_mb())
            if turn:  # the first turn warms up
                times[name].append(time.process_time() - began)
    medians = {name: statistics.median(spent) for name, spent in times.items()}
    return {
        "kind": kind,
        "plain_s": round(medians["plain"], 2),
        "time_over_plain": {name: round(medians[name] / medians["plain"], 2) for name in chosen},
        "weights_mb": round(weights),
        "peak_over_weights": {name: round((peak - before) / weights, 2) for name, peak in peaks.items()},
    }


def explain(model: Any, image: ImageInput, method: str) -> object:
    """One explanation of the match."""
    return attribute_case(Case(model, image, [TEXT]), method)


def plain_pass(kind: str, model: Any, image: ImageInput) -> Callable[[], object]:
    """The network's own pass without gradients, as transformers runs it."""
    pixels, text = model.pixels(image), model.encode_texts([TEXT])
    if kind == "blip":
        inputs = {"input_ids": text.ids, "attention_mask": text.mask.long(), "pixel_values": pixels}
    else:
        prompt = model._match
        ids = torch.tensor([[*prompt.before, *text.ids[0].tolist(), *prompt.after]])
        inputs = {"input_ids": ids, "pixel_values": model.layout.pictures(pixels), "use_cache": False}
    return torch.inference_mode()(lambda: model.network(**inputs))


def peak_mb() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    """Prints a line of JSON for each kind, each in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kinds", default="blip,smolvlm,tiles")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--step", choices=("save", "measure"))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.step == "save":
        save(given.kinds, given.folder)
    elif given.step == "measure":
        print(json.dumps(measure(given.kinds, given.folder, given.rounds)), flush=True)
    else:
        own = [sys.executable, "-m", "benchmarks.hugging_face", "--rounds", str(given.rounds)]
        for kind in given.kinds.split(","):
            with tempfile.TemporaryDirectory() as folder:
                for step in ("save", "measure"):
                    subprocess.run([*own, "--kinds", kind, "--step", step, "--folder", folder], check=True)


if __name__ == "__main__":
    main()
