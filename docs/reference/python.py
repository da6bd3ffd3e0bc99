"""The page of the Python API, made of its docstrings."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import vtviz.api as api

PAGE = Path(__file__).with_name("python.md")
HEAD = """# Python

    from vtviz import load, explain, intervene, audit

    explanation = explain("photo.jpg", "a dog on a beach")
    explanation.score, explanation.verdict      # 0.98, "describes"
    explanation.picture("dog").save("dog.png")  # the photo under the heatmap of a word
    explanation                                 # in a notebook: the lens, alive

`import vtviz` takes milliseconds; PyTorch is imported when a name is first used. All names below keep their meaning
between minor versions; what lies under `full` may change. Everything is typed. Bad input raises `InputError`, a
`ValueError` whose message can be shown to a person; a model that cannot be loaded raises `ModelError`. Where
`VTVIZ_ENGINE` names an [engine elsewhere](../server/serve.md), that engine does the work. Three
[notebooks](../../examples/notebooks) use all of it. `python -m docs.reference` makes this page from the program.
"""
PARTS: dict[str, tuple[str, ...]] = {
    "Functions": ("load", "explain", "intervene", "audit"),
    "What they return": ("Model", "Explanation", "TextMaps", "Intervention", "Report"),
    "Changes": ("Hide", "Only", "Move", "Drop", "Without", "Cut", "Push"),
}
CHANGES = """
`boxes` are `(left, top, right, bottom)` in fractions of the photo, and take the patches whose middle lies in them;
`patches` are their numbers, row by row from 0; words, layers and heads count from 0. `fill` stands in for hidden
patches: `"blur"`, `"mean"` (the photo's mean colour) or `"zero"` (grey).
"""
LISTS = {"Args:": "Arguments", "Attributes:": "Attributes", "Raises:": "Raises"}


def page() -> str:
    """The page."""
    lines = [HEAD]
    for title, names in PARTS.items():
        lines += [f"## {title}\n", *([CHANGES.lstrip()] if title == "Changes" else [])]
        for name in names:
            lines += _item(name, getattr(api, name), "###")
    return "\n".join(lines)


def _item(name: str, value: Any, mark: str) -> Iterator[str]:
    yield f"{mark} {name}\n"
    if inspect.isfunction(value):
        yield f"```python\ndef {_signature(name, value)}: ...\n```\n"
    elif name in PARTS["Changes"]:
        yield f"`{_one_line(_signature(name, value))}`\n"
    yield from _prose(inspect.getdoc(value) or "")
    if not inspect.isclass(value):
        return
    members = {name: item for name, item in vars(value).items() if not name.startswith("_")}
    shown = {name: item for name, item in members.items() if callable(item) or _is_property(item)}
    for inner, item in shown.items():
        if callable(item):
            yield f"**`{_one_line(_signature(inner, item))}`**\n"
        else:
            yield f"**`{inner}`**\n"
        yield from _prose(inspect.getdoc(item) or "")


def _prose(text: str) -> Iterator[str]:
    """A docstring of Google's style as Markdown."""
    for block in re.sub(r"``(.+?)``", r"`\1`", text).split("\n\n"):
        head, _, rest = block.partition("\n")
        if head not in LISTS:
            yield block + "\n"
            continue
        yield f"{LISTS[head]}:\n"
        for item in re.split(r"\n(?=    \S)", "\n" + rest)[1:] or [rest]:
            name, _, said = " ".join(item.split()).partition(": ")
            yield f"- `{name}`: {said}"
        yield ""


def _signature(name: str, value: Any) -> str:
    written = inspect.signature(value)
    shown = [item for item in written.parameters.values() if item.name != "self"]
    returns = "" if inspect.isclass(value) else f" -> {written.return_annotation}"
    parts, star = [], False
    for item in shown:
        if item.kind is item.KEYWORD_ONLY and not star and not any(i.kind is i.VAR_POSITIONAL for i in shown):
            parts.append("*")
            star = True
        parts.append(_parameter(item))
    line = f"{name}({', '.join(parts)}){returns}"
    if len(line) <= 100:
        return line
    return f"{name}(\n    " + ",\n    ".join(parts) + f",\n){returns}"


def _parameter(item: inspect.Parameter) -> str:
    kind = "" if item.annotation is item.empty else _kind(item.annotation)
    star = "*" if item.kind is item.VAR_POSITIONAL else ""
    quoted = json.dumps(item.default) if isinstance(item.default, str) else repr(item.default)  # as ruff formats them
    default = "" if item.default is item.empty else f" = {quoted}"
    return f"{star}{item.name}{f': {kind}' if kind else ''}{default}"


def _kind(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return (
        inspect.formatannotation(annotation).replace("typing.", "").replace("tuple[float, float, float, float]", "Box")
    )


def _one_line(text: str) -> str:
    return re.sub(r"\(\s+", "(", " ".join(text.split())).replace(",)", ")").replace(", )", ")")


def _is_property(value: Any) -> bool:
    return isinstance(value, property) or type(value).__name__ == "cached_property"
