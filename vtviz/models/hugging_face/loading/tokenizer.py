"""The tokenizer of a model, with the characters that each piece stands for wherever its files allow it."""

from __future__ import annotations

import string
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import transformers
from tokenizers import Regex
from tokenizers.normalizers import Lowercase, Replace, Sequence, Strip

from vtviz.models.base import ModelError
from vtviz.models.hugging_face.loading.files import described
from vtviz.models.hugging_face.names import Spec
from vtviz.models.open_clip.faults import first_line

FAST = "tokenizer.json"
PUNCTUATION = "[" + "".join(f"\\{mark}" for mark in string.punctuation) + "]"


def read_tokenizer(spec: Spec, folder: Path) -> Any:
    """The tokenizer in a folder.

    Raises:
        ModelError: if it cannot be read.
    """
    try:
        settings = described(folder, ("tokenizer_config.json",))
        if settings.get("tokenizer_class") == "SiglipTokenizer" and (folder / FAST).is_file():
            return _siglip(folder, bool(settings.get("do_lower_case", True)))
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except ModelError:
        raise
    except ImportError as error:
        if find_spec("sentencepiece") is not None:
            raise _unread(spec, error) from error
        raise ModelError(
            "The tokenizer of {name} needs the package sentencepiece; install it: {command}.",
            name=spec.shown,
            command="pip install sentencepiece",
        ) from error
    except Exception as error:  # a damaged file may raise anything
        raise _unread(spec, error) from error


def _siglip(folder: Path, lower: bool) -> Any:
    """SigLIP's: the library's class reads it by the package sentencepiece alone, and tells no characters. Texts are
    cleaned as that class does."""
    tokenizer: Any = transformers.PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    inner = tokenizer.backend_tokenizer
    cleaning = [Replace(Regex(PUNCTUATION), ""), Replace(Regex(r"\s+"), " "), Strip()]
    own = [inner.normalizer] if inner.normalizer else []
    inner.normalizer = Sequence([*([Lowercase()] if lower else []), *cleaning, *own])
    return tokenizer


def _unread(spec: Spec, error: Exception) -> ModelError:
    return ModelError(
        "The tokenizer of {name} cannot be read ({reason}); add its tokenizer.json from the model's source.",
        name=spec.shown,
        reason=first_line(error),
    )
