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
    from vtviz.models.registry import model_infos, search_models

    found = model_infos() if search is None else search_models(search)
    keys = ("name", "label", "description", "licence", "available")
    rows = [{**{key: getattr(info, key) for key in keys}, "targets": list(info.abilities.kinds)} for info in found]
    show(
        rows,
        as_json,
        lambda row: f"{row['name']}{'' if row['available'] else ' (weights missing)'}: {row['description']}",
    )


@app.command()
def methods(as_json: AsJson = False) -> None:
    """List the attribution methods, with the models and targets that each supports."""
    from vtviz.attribution.registry import methods as all_methods
    from vtviz.attribution.registry import where_defined

    keys = ("name", "label", "formula", "paper", "cost", "signed", "maps_of", "scores_words")
    rows = [
        {
            **{key: getattr(method, key) for key in keys},
            "options": {name: vars(choice) for name, choice in method.options.items()},
            "models": where_defined(method),
        }
        for method in all_methods().values()
    ]
    show(rows, as_json, lambda row: f"{row['name']} ({row['cost']}): {row['label']}. {row['paper']}")
