"""What the commands share: the application, their common arguments, and how they read and show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from vtviz.inputs import ImageInput, InputError, read_image
from vtviz.watch import Progress, Watch

app = typer.Typer(
    name="vtviz",
    help="See, attribute and audit vision-text cross-attention.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Photo = Annotated[Path, typer.Argument(help="A JPEG, PNG or WebP file.")]
Model = Annotated[str, typer.Option(help="Model name; `vtviz models` lists them, docs/models.md explains them.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@contextmanager
def passes(name: str) -> Iterator[Watch]:
    """A watch whose progress is a bar on the terminal, once it takes more than a second."""
    with tqdm(desc=name, disable=None, leave=False, delay=1.0) as bar:

        def advance(now: Progress) -> None:
            bar.total = now.total
            bar.update(now.done - bar.n)

        yield Watch(advance)


def show(rows: list[dict[str, Any]], as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    """Rows as JSON, or a line each."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for row in rows:
            typer.echo(line(row))


def read_photo(path: Path) -> ImageInput:
    """The photo in a file. Raises InputError where it cannot be used."""
    try:
        return read_image(path.read_bytes())
    except OSError as error:
        raise InputError(f"The photo {path} cannot be read: {error.strerror}.") from error


def make_folder(folder: Path) -> None:
    """Makes a folder where there is none. Raises InputError where that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be made: {error.strerror}.") from error
