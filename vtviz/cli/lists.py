"""Lists of the models and of the methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from typer import Option, echo

from vtviz.cli.common import AsJson, app, show

if TYPE_CHECKING:
    from vtviz.models.base import ModelInfo


@app.command()
def models(
    search: Annotated[str | None, Option(help="List those that this text finds, on the Hugging Face Hub too.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models; with --search also what each can explain, and what it needs, before anything is downloaded."""
    from vtviz.models.registry import described_models, model_info, model_infos, search_models

    if search is None:
        infos = model_infos()
    else:
        named = model_info(search)  # whose configuration alone is read
        infos, errors = search_models(search) if named is None else ([named], [])
        if errors and not infos:
            raise errors[0]
        for error in errors:
            echo(str(error), err=True)
    rows: list[dict[str, Any]] = described_models(infos)
    if search is not None:
        rows = [{**row, **_outlook(info)} for row, info in zip(rows, infos, strict=True)]
    show(rows, as_json, _line)


def _outlook(info: ModelInfo) -> dict[str, Any]:
    """How many methods explain the match, and what a model needs, as far as that is known."""
    from vtviz.attribution.registry import methods

    count = sum(method.supports(info.abilities, "match") is None for method in methods().values())
    needs = {"size_mb": info.size_mb, "memory_mb": info.memory_mb}
    return {"methods": count, "talks": info.abilities.talks, **needs}


def _line(row: dict[str, Any]) -> str:
    line = f"{row['name']}{'' if row['available'] else ' (weights missing)'}: {row['description']}"
    if "methods" not in row:
        return line
    talks = ["replies to prompts"] if row["talks"] else []
    needs = [*talks, f"{row['size_mb']} MB to download"] if row["size_mb"] else talks
    needs += [f"about {row['memory_mb']} MB of memory"] if row["memory_mb"] else []
    return "; ".join([line, ", ".join(row["targets"]), f"{row['methods']} methods", *needs])


@app.command()
def methods(as_json: AsJson = False) -> None:
    """List the attribution methods, with the models and targets that each supports."""
    from vtviz.attribution.registry import described_methods

    rows = described_methods()
    show(rows, as_json, lambda row: f"{row['name']} ({row['cost']}): {row['label']}. {row['paper']}")
