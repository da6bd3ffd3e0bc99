"""The page of the command line, made of the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from vtviz.cli import app

PAGE = Path(__file__).with_name("cli.md")
HEAD = """# Command line

`python -m docs.reference` makes this page from the program. `vtviz` is short for `python -m vtviz`. Bad input ends with
exit code 2 and one line that says what to do; work that takes long shows a bar.
"""


def page() -> str:
    """The page."""
    return "\n".join([HEAD, *(line for words, command in commands() for line in _section(words, command))])


def commands() -> Iterator[tuple[list[str], Any]]:
    """Every command, with the words that lead to it."""
    yield from _below(["vtviz"], typer.main.get_command(app))


def _below(words: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name in sorted(inner):
        yield from _below([*words, name], inner[name])


def _section(words: list[str], command: Any) -> list[str]:
    with typer.Context(command, info_name=" ".join(words)) as context:
        usage = " ".join([*words, *command.collect_usage_pieces(context)])
        records = [param.get_help_record(context) for param in command.params]
    rows = [f"| `{_cell(name)}` | {_cell(said)} |" for name, said in filter(None, records)]
    table = ["| argument | meaning |", "| --- | --- |", *rows, ""] if rows else []
    return [f"## {' '.join(words[1:])}", "", f"    {usage}", "", (command.help or "").strip(), "", *table]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
