"""Fills the tables of docs/models.md, of models and methods and of classes of transformers, from what they declare:
``python -m docs.models``."""

from __future__ import annotations

from pathlib import Path

from vtviz.attribution.base import Method
from vtviz.attribution.registry import in_groups, methods
from vtviz.models.base import Abilities
from vtviz.models.hugging_face import abilities as hugging_face
from vtviz.models.open_clip.abilities import COCA, DUAL_ENCODER
from vtviz.models.record import KINDS
from vtviz.models.registry import DEFAULT_MODEL, model_info

GUIDE = Path(__file__).with_name("models.md")
START, END = "<!-- methods: python -m docs.models -->", "<!-- end of methods -->"
CLASSES = ("<!-- classes: python -m docs.models -->", "<!-- end of classes -->")
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
    """The guide with the tables made anew."""
    return _put(_put(text, (START, END), table()), CLASSES, classes())


def _put(text: str, marks: tuple[str, str], lines: list[str]) -> str:
    before, _, rest = text.partition(marks[0])
    return f"{before}{marks[0]}\n" + "\n".join(lines) + f"\n{marks[1]}" + rest.partition(marks[1])[2]


def classes() -> list[str]:
    """The lines of the table of transformers' classes: what each explains, and how it takes a photo."""
    rows = [
        f"| `{name}` | {_targets(known.abilities)} | {'yes' if known.abilities.talks else ''} | "
        f"{_kinds(known.abilities)} | {_grid(known)} | "
        f"{sum(bool(cell(method, known.abilities)) for method in methods().values())} |"
        for name, known in hugging_face.ARCHITECTURES.items()
    ]
    head = "| class of transformers | explains | talks | attention recorded | patches | methods |"
    return [head, "| --- | --- | --- | --- | --- | --- |", *rows]


def _targets(abilities: Abilities) -> str:
    return "".join(letter for kind, letter in LETTERS.items() if kind in abilities.kinds)


def _kinds(abilities: Abilities) -> str:
    every = frozenset[str]().union(*abilities.kinds.values())
    return ", ".join(kind for kind in KINDS if kind in every)


def _grid(known: hugging_face.Architecture) -> str:
    if known.any_grid:
        return "a grid of the photo's shape"
    return "tiles of the photo's shape" if known.shapes else "a fixed square"


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
