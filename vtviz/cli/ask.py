"""One question to every photo of a folder."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import Device, Model, app, bars, path_argument, path_option
from vtviz.files import check_file_place, make_folder, write_atomically
from vtviz.models.registry import DEFAULT_MODEL


@app.command("ask")
def ask_folder(
    photos: Annotated[Path, path_argument("A folder or zip file of photos.")],
    question: Annotated[str, typer.Argument(help="A question about each photo.")],
    output: Annotated[Path, path_option("CSV file for the answers.")],
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """Ask every photo of a folder the same question; the answer is empty where the model can't tell."""
    from vtviz.engine.jobs.questions import ask_photo, to_csv
    from vtviz.engine.remote.choose import open_engine
    from vtviz.tasks.search.photo_files import Unreadable, no_photos, photos_in

    check_file_place(output)
    source = photos_in(photos)
    missed = list[Unreadable]()
    files = [file.path for file in source.files(missed)]
    for item in missed:
        typer.echo(item.reason, err=True)
    if not files:
        raise no_photos(photos)
    with closing(open_engine(device, models=1)) as engine, bars() as watch:
        rows = [
            ask_photo(source, path, question, model, engine.ask, watch.quietly())
            for path in watch.follow("photos", files)
        ]
    make_folder(output.parent)
    write_atomically(output, to_csv(rows))
    typer.echo(f"{sum(bool(row.answer) for row in rows)} of {len(files)} photos answered: {output}")
