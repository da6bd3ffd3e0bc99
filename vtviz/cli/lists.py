"""What there is: models and methods."""

from __future__ import annotations

from vtviz.cli.common import AsJson, app, show


@app.command()
def models(as_json: AsJson = False) -> None:
    """List the models."""
    from vtviz.models.registry import model_infos

    rows = [vars(info) for info in model_infos()]
    show(
        rows,
        as_json,
        lambda row: f"{row['name']}{'' if row['available'] else ' (weights missing)'}: {row['description']}",
    )


@app.command()
def methods(as_json: AsJson = False) -> None:
    """List the attribution methods."""
    from vtviz.attribution.registry import methods as known

    keys = ("name", "label", "paper", "cost", "signed")
    rows = [{key: getattr(method, key) for key in keys} for method in known().values()]
    show(rows, as_json, lambda row: f"{row['name']} ({row['cost']}): {row['label']}. {row['paper']}")
