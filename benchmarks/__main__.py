"""Every benchmark in one command: ``python -m benchmarks [--quick] [--part maps …]``.

Writes ``benchmarks.json`` and ``benchmarks.md`` with the machine and the versions; ``--quick`` takes fewer rounds.
Peers come with ``pip install -r requirements-benchmarks.txt``; those that are not there are
skipped with a line that says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.measure import Figure
from benchmarks.parts import app, backbone, maps, metrics, others, recorder
from benchmarks.table import as_json, as_markdown, machine

PARTS: dict[str, Callable[[int], Iterator[Figure]]] = {
    "maps": maps.measure,
    "recorder": recorder.measure,
    "metrics": metrics.measure,
    "backbone": backbone.measure,
    "audit": others.audit,
    "app": app.measure,
    "browser": others.browser,
    "search": others.search,
    "what_if": others.what_if,
    "cuda": others.cuda,
}
QUICK, THOROUGH = 5, 15  # rounds


def run(name: str, rounds: int) -> Iterator[Figure]:
    """The figures of a part; where it fails, the last of them says why."""
    began = time.perf_counter()
    try:
        yield from PARTS[name](rounds)
    except Exception as error:  # the other parts have figures all the same
        yield Figure(name, name, None, note=f"failed: {type(error).__name__}: {error}".partition("\n")[0])
    typer.echo(f"{name}: {time.perf_counter() - began:.0f} s", err=True)


def main(
    quick: Annotated[bool, typer.Option("--quick", help=f"{QUICK} rounds in place of {THOROUGH}.")] = False,
    part: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(PARTS)}; again for more.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Rounds, in place of the usual number.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for benchmarks.json and benchmarks.md.")] = Path(),
) -> None:
    """Measure vtviz beside its peers."""
    parts = part or list(PARTS)
    unknown = [name for name in parts if name not in PARTS]
    if unknown:
        typer.echo(f"There is no part {unknown[0]}; choose from: {', '.join(PARTS)}.", err=True)
        raise typer.Exit(2)
    count = rounds or (QUICK if quick else THOROUGH)
    said = [f"--part {name}" for name in part or ()] + ([f"--rounds {rounds}"] if rounds else [])
    command = " ".join(["python -m benchmarks", *(["--quick"] if quick else []), *said])
    output.mkdir(parents=True, exist_ok=True)
    figures, text = list[Figure](), ""
    for name in parts:
        for figure in run(name, count):
            figures.append(figure)
            text = as_markdown(figures, machine(), command)  # written at once: a run that is cut short leaves some
            (output / "benchmarks.json").write_text(as_json(figures, machine()), encoding="utf-8")
            (output / "benchmarks.md").write_text(text, encoding="utf-8")
    typer.echo(text)


if __name__ == "__main__":
    typer.run(main)
