"""Fills the tables of docs/methods.md from the methods and the language files: ``python -m docs.methods``."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from vtviz.attribution.base import Method
from vtviz.attribution.registry import GROUPS, group_of, in_groups, methods
from vtviz.sentences import catalogue

GUIDE = Path(__file__).with_name("methods.md")
HEAD = ["| method | question | formula | when it misleads | paper |", "| --- | --- | --- | --- | --- |"]


def filled(text: str) -> str:
    """The guide with the tables in it made anew; there is one for each group, in their order."""
    groups, found = iter(GROUPS), []
    for is_table, lines in groupby(text.splitlines(), lambda line: line.startswith("|")):
        found += table(next(groups)) if is_table else lines
    return "\n".join(found) + "\n"


def table(group: str) -> list[str]:
    """The lines of a group's table."""
    return HEAD + [row(methods()[name]) for name in in_groups() if group_of(methods()[name]) == group]


def row(method: Method) -> str:
    """A method's line."""
    said, key = catalogue("en"), f"method.{method.name}"
    name = f"`{method.name}` {method.cost}" + (", signed" if method.signed else "")
    cells = [name, said[f"{key}.about"], method.formula, said[f"{key}.misleads"], method.paper]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    GUIDE.write_text(filled(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
