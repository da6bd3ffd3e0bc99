"""What the commands share: the application, their common arguments, and how they show progress and results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from vtviz.files import from_home
from vtviz.inputs import InputError
from vtviz.sentences import LANGUAGES
from vtviz.watch import Progress, Watch

app = typer.Typer(
    name="vtviz",
    help="Explain vision-text models, and audit the explanations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def path_argument(about: str) -> Any:
    """A path, in which ``~`` is the home folder: a shell does not expand it inside quotation marks."""
    return typer.Argument(parser=from_home, help=about)


def path_option(about: str) -> Any:
    """A path as an option; a shell does not expand ``~`` after ``--output=`` either."""
    return typer.Option(parser=from_home, help=about)


Photo = Annotated[Path, path_argument("A photo: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP.")]
Model = Annotated[str, typer.Option(help="Model name; `vtviz models` lists them, docs/models.md explains them.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def check_language(language: str) -> None:
    """Refuses a language that reports are not written in. Raises InputError."""
    if language not in LANGUAGES:
        raise InputError(
            "There is no language {language}; use {known}.", language=language, known=" or ".join(LANGUAGES)
        )


DELAY = 1.0  # seconds before a bar is shown, so that quick work shows none


@contextmanager
def bars() -> Iterator[Watch]:
    """A watch that draws a bar for each stage on the terminal, where there is one."""
    bar = _StageBar()
    try:
        yield Watch(bar.show)
    finally:
        bar.close()


class _StageBar:
    """The bar of the present stage; it goes when the stage ends."""

    def __init__(self) -> None:
        self._stage: str | None = None
        self._bar: tqdm[Any] | None = None

    def show(self, now: Progress) -> None:
        """Draws how far the stage is, with failures and the note of its last step."""
        if self._bar is None or now.stage != self._stage:
            self.close()
            self._stage = now.stage
            total, desc = now.total or None, now.stage or None
            self._bar = tqdm(total=total, desc=desc, initial=now.done, disable=None, leave=False, delay=DELAY)
        self._bar.total = now.total or None  # it may have grown
        failed = f"failed={now.failed}" if now.failed else ""
        self._bar.set_postfix_str(", ".join(filter(None, (failed, now.note))), refresh=False)
        self._bar.update(now.done - self._bar.n)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()


def show(rows: list[dict[str, Any]], as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    """Rows as JSON, or a line each."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for row in rows:
            typer.echo(line(row))
