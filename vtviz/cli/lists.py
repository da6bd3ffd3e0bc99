"""Lists of the models and of the methods."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from vtviz.cli.common import AsJson, app, show


@app.command()
def models(
    search: Annotated[str | None, Option(help="List those that this text finds, on the Hugging Face Hub too.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models."""
    from vtviz.models.registry import described_models, model_infos, search_models

    rows = described_models(model_infos() if search is None else search_models(search))
    show(
        rows,
        as_json,
        lambda row: f"{row['name']}{'' if row['available'] else ' (weights missing)'}: {row['description']}",
    )


@app.command()
def methods(as_json: AsJson = False) -> None:
    """List the attribution methods, with the models and targets that each supports."""
    from vtviz.attribution.registry import described_methods

    rows = described_methods()
    show(rows, as_json, lambda row: f"{row['name']} ({row['cost']}): {row['label']}. {row['paper']}")
