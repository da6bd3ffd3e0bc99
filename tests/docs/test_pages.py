"""The documentation holds: its links lead somewhere, its commands parse, its code is code, and its site builds."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import subprocess
import textwrap
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from docs.reference import cli, python
from docs.site.__main__ import CONFIG, build
from vtviz.audit.contract.sheets.coverage import ITEMS
from vtviz.cli import app
from vtviz.paths import ROOT
from vtviz.sentences import catalogue

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    [^\n]*\n(?:\n(?=    ))?)+", re.MULTILINE)
COMMAND = re.compile(r"(?:^|\s)(?:\S*python -m )?vtviz (?=[a-z])(.*)")
INLINE = re.compile(r"`python -m vtviz ([^`…]+)`")
READERS = {"python": ast.parse, "json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}


@cache
def pages() -> dict[str, str]:
    """The text of every page of Markdown, by its place."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in listed.splitlines() if (ROOT / name).exists()}


def prose(text: str) -> str:
    return INDENTED.sub("\n", FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """The names of the headings, as GitHub and the site make them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def blocks(text: str) -> list[str]:
    """What stands in code blocks."""
    rest = FENCE.sub("\n", text)
    return [block for _, block in FENCE.findall(text)] + [textwrap.dedent(block) for block in INDENTED.findall(rest)]


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    broken = []
    for name, text in pages().items():
        for link in LINK.findall(prose(text)):
            path, _, anchor = link.partition("#")
            if path.startswith(("http://", "https://", "mailto:")):
                continue
            target = (ROOT / name).parent / path if path else ROOT / name
            if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
                broken.append(f"{name}: {link}")
    assert not broken


def read(arguments: list[str], whole: bool) -> str | None:
    """What is wrong with a command; a part of one (``whole`` is False) may lack arguments."""
    command: Any = typer.main.get_command(app)
    while inner := getattr(command, "commands", None):
        if not arguments or arguments[0] not in inner:
            return "no such command"
        command, arguments = inner[arguments[0]], arguments[1:]
    try:
        command.make_context("vtviz", list(arguments))
    except (typer.Exit, typer.Abort, OSError):  # help was asked for, or a password
        return None
    except Exception as error:
        missing = type(error).__name__ == "MissingParameter"
        return None if missing and not whole else f"{type(error).__name__} {error}"
    return None


def commands() -> list[tuple[str, str, bool]]:
    found = []
    for name, text in pages().items():
        for block in blocks(text):
            for line in block.replace("\\\n", " ").splitlines():
                command = COMMAND.search(line.partition("  #")[0])
                if command and "…" not in line and not line.lstrip().startswith(("from ", "import ", "docker ")):
                    found.append((name, re.sub(r"\[[A-Z]+\]$", "", command.group(1).rstrip()), True))
        found += [(name, command, False) for command in INLINE.findall(prose(text).replace("\n", " "))]
    return found


def test_every_command_parses() -> None:
    listed = [item for item in commands() if item[0] != "docs/reference/cli.md"]
    assert len(listed) > 60 and any("audit" in command for _, command, _ in listed)
    wrong = {(name, command): read(shlex.split(command), whole) for name, command, whole in listed}
    assert {item: said for item, said in wrong.items() if said} == {}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("explain a.jpg 'a dog' --output out", None),
        ("explain a.jpg 'a dog'", "MissingParameter"),
        ("explain a.jpg 'a dog' --outptu out", "NoSuchOption"),
        ("explian a.jpg", "no such command"),
    ],
)
def test_a_wrong_command_would_be_noticed(command: str, said: str | None) -> None:
    assert (read(shlex.split(command), True) or "None").startswith(str(said))


def test_every_block_of_code_is_code_of_its_language() -> None:
    count = 0
    for name, text in pages().items():
        fenced = [(language, block) for language, block in FENCE.findall(text) if language in READERS]
        ours = [("python", block) for block in blocks(text) if re.match(r"(from|import) vtviz", block)]
        for language, block in fenced + ours:
            try:
                READERS[language](block)
            except (SyntaxError, ValueError, yaml.YAMLError) as error:
                pytest.fail(f"{name}: {error} in\n{block}")
            count += 1
            if language == "python":
                for node in ast.walk(ast.parse(block)):
                    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vtviz"):
                        module = importlib.import_module(str(node.module))
                        for alias in node.names:
                            assert hasattr(module, alias.name), f"{name}: {node.module} has no {alias.name}"
    assert count > 8


def test_the_pages_of_reference_are_made_of_the_program() -> None:
    for part in (cli, python):
        assert part.PAGE.read_text(encoding="utf-8") == part.page(), "run python -m docs.reference"


def test_the_filled_example_has_every_question_of_the_act() -> None:
    text, said = pages()["docs/guides/defend.md"], catalogue("en")
    asked = [item for item in ITEMS if item.source == "act"]
    assert len(asked) > 20
    for item in asked:
        assert f"| {item.place} | {said[f'contract.question.{item.name}']} |" in text


def test_every_page_is_in_the_menu_of_the_site() -> None:
    listed = set(re.findall(r'= "([^"]+\.md)"', CONFIG.read_text(encoding="utf-8")))
    assert {name for name in pages() if name.startswith("docs/")} <= listed <= set(pages())


def test_the_site_builds_with_no_broken_link(tmp_path: Path) -> None:
    build(tmp_path / "site")
    start = (tmp_path / "site/docs/guides/start.html").read_text(encoding="utf-8")
    assert "Five minutes" in start and (tmp_path / "site/docs/zh/start.html").is_file()
    assert (tmp_path / "site/docs/pictures/en/explore.png").is_file()
