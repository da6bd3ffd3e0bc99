"""One question to every photo of a folder."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import Device, Model, app, bars, path_argument, path_option
from vtviz.files import check_file_place, make_folder, write_atomically
from vtviz.inputs import InputError, read_image
from vtviz.models.registry import DEFAULT_MODEL

COLUMNS = ("photo", "answer", "likeliest", "probability", "error")


@app.command("ask")
def ask_folder(
    photos: Annotated[Path, path_argument("A folder or zip file of JPEG, PNG and WebP files.")],
    question: Annotated[str, typer.Argument(help="A question about each photo.")],
    output: Annotated[Path, path_option("CSV file for the answers.")],
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """Ask every photo of a folder the same question; the answer is empty where the model can't tell."""
    from vtviz.chinese import language_of
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.captions_and_answers import AnswerQuestion
    from vtviz.tasks.answer import in_language
    from vtviz.tasks.search.photo_files import photos_in

    check_file_place(output)
    source, language = photos_in(photos), language_of(question)
    files = [file.path for file in source.files()]
    if not files:
        raise InputError("There are no JPEG, PNG or WebP files in {path}; choose another folder.", path=photos)
    table, told = io.StringIO(newline=""), 0
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    with closing(open_engine(device, models=1)) as engine, bars() as watch:
        for path in watch.follow("photos", files):
            try:
                image = read_image(source.read(path))
            except InputError as error:
                writer.writerow({"photo": path, "error": str(error)})
                continue
            answer = engine.ask(AnswerQuestion(image, question, model))
            likeliest, probability = answer.candidates[0]
            said = "" if answer.text is None else in_language(answer.text, language)
            told += bool(said)
            shown = {"answer": said, "likeliest": in_language(likeliest, language), "probability": f"{probability:.4f}"}
            writer.writerow({"photo": path, **shown})
    make_folder(output.parent)
    write_atomically(output, table.getvalue().encode("utf-8-sig"))  # so that Excel reads it as UTF-8
    typer.echo(f"{told} of {len(files)} photos answered: {output}")
