"""The command line: ``python -m vtviz …``; one module a command, or a few that belong together."""

from __future__ import annotations

import sys

import typer

from vtviz.cli import (
    ask,
    audit,
    data,
    evaluate,
    explanations,
    lists,
    policy,
    search,
    server,
    story,
    tasks,
    train,
)
from vtviz.cli.common import app
from vtviz.inputs import InputError
from vtviz.models.base import ModelError

__all__ = [
    "app",
    "ask",
    "audit",
    "data",
    "evaluate",
    "explanations",
    "lists",
    "main",
    "policy",
    "search",
    "server",
    "story",
    "tasks",
    "train",
]


def main() -> None:
    """Runs the command line; bad input ends it with code 2 and one line."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except typer.TyperException as error:
        message, context = " ".join(error.format_message().split()).rstrip("."), getattr(error, "ctx", None)
        if len(sys.argv) == 1:
            message = error.format_message()  # nothing was asked: the whole help
        elif context is not None:
            message = f"{message}. See `{context.command_path} --help`."
        typer.echo(message, err=True)
        sys.exit(2)
    except (InputError, ModelError) as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    except MemoryError:
        typer.echo("This machine is out of memory; choose a smaller model or photo, or close other programs.", err=True)
        sys.exit(2)
    except OSError as error:
        typer.echo(f"{error.strerror or error}: {error.filename or 'a file could not be written'}", err=True)
        sys.exit(2)
