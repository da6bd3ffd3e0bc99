"""A story as one HTML page."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import Device, app, bars, path_argument, path_option
from vtviz.files import check_file_place, make_folder, write_atomically


@app.command()
def story(
    file: Annotated[Path, path_argument("A story.json with its photos in photos/, or a zip with both.")],
    output: Annotated[Path, path_option("HTML file for the story; it opens in any browser without a server.")],
    device: Device = "auto",
) -> None:
    """Write a story as one HTML file, in the story's language, with the lens of every moment alive."""
    from vtviz.engine.lens import scene
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.stories import TellMoment
    from vtviz.inputs import read_image
    from vtviz.stories.files import read_story
    from vtviz.stories.page import story_page

    check_file_place(output)
    told = read_story(file)
    language, scenes = told.story.language, []
    with closing(open_engine(device)) as engine, bars() as watch:
        for moment in watch.follow("story", told.story.moments):
            found = engine.ask(TellMoment(moment, read_image(told.photos[moment.photo])))
            scenes.append(scene(found, moment, language))
    make_folder(output.parent)
    write_atomically(output, story_page(told.story, scenes))
    typer.echo(f"{output}")
