"""Fills the table of models and methods in docs/models.md from what both declare: ``python -m docs.models``."""

from __future__ import annotations

from pathlib import Path

from vtviz.attribution.base import Method
from vtviz.attribution.registry import in_groups, methods
from vtviz.models.base import Abilities
from vtviz.models.hugging_face import abilities as hugging_face
from vtviz.models.open_clip.abilities import COCA, DUAL_ENCODER
from vtviz.models.registry import DEFAULT_MODEL, model_info

GUIDE = Path(__file__).with_name("models.md")
START, END = "<!-- methods: python -m docs.models -->", "<!-- end of methods -->"
LETTERS = {"match": "M", "similarity": "S", "caption": "C", "answer": "A"}


def columns() -> dict[str, Abilities]:
    """What kinds of models can do, by their name in the table."""
    default = model_info(DEFAULT_MODEL)
    assert default is not None
    return {
        DEFAULT_MODEL: default.abilities,
        "CLIP, SigLIP": DUAL_ENCODER,
        "CoCa": COCA,
        "BLIP (matching)": hugging_face.BLIP_MATCH,
        "BLIP (captions)": hugging_face.BLIP_CAPTION,
        "BLIP (answers)": hugging_face.BLIP_ANSWER,
        "ViLT (matching)": hugging_face.VILT_MATCH,
        "ViLT (answers)": hugging_face.VILT_ANSWER,
        "decoders": hugging_face.DECODER,
    }


def filled(text: str) -> str:
    """The guide with the table made anew."""
    before, _, rest = text.partition(START)
    return f"{before}{START}\n" + "\n".join(table()) + f"\n{END}" + rest.partition(END)[2]


def table() -> list[str]:
    """The lines of the table."""
    models = columns()
    head = f"| method | {' | '.join(models)} |"
    rows = [
        f"| `{name}` | {' | '.join(cell(methods()[name], model) for model in models.values())} |"
        for name in in_groups()
    ]
    return [head, "| --- |" + " --- |" * len(models), *rows]


def cell(method: Method, abilities: Abilities) -> str:
    """The targets of a model that a method explains."""
    return "".join(letter for kind, letter in LETTERS.items() if _explains(method, abilities, kind))


def _explains(method: Method, abilities: Abilities, kind: str) -> bool:
    return any(kind == target and method.supports(abilities, target) is None for target in abilities.kinds)


if __name__ == "__main__":
    GUIDE.write_text(filled(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
