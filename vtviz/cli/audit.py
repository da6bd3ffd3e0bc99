"""Audit explanations over a manifest, or replay an audit."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import AsJson, Device, app, bars, check_language, path_argument, path_option, show
from vtviz.inputs import InputError
from vtviz.models.registry import DEFAULT_MODEL

SHOWN = 10


@app.command()
def audit(
    manifest: Annotated[
        Path | None,
        path_argument("A table or JSON file with image, text and perhaps boxes, phrase, group."),
    ] = None,
    output: Annotated[
        Path | None, path_option("Folder for report.json, report.html, rows.parquet; the same folder resumes.")
    ] = None,
    model: Annotated[str, typer.Option(help="Models, separated by commas.")] = DEFAULT_MODEL,
    methods: Annotated[str | None, typer.Option(help="Methods, separated by commas; default: the model's.")] = None,
    metrics: Annotated[str | None, typer.Option(help="Metrics, separated by commas; see `vtviz metrics`.")] = None,
    fill: Annotated[str, typer.Option(help="What replaces removed patches: blur, mean or zero.")] = "blur",
    steps: Annotated[int, typer.Option(help="Number of removal steps.", min=2, max=1000)] = 8,
    seed: Annotated[int, typer.Option(help="Random seed.", min=0)] = 0,
    limit: Annotated[int | None, typer.Option(help="Only the first N rows.", min=1)] = None,
    engine: Annotated[str, typer.Option(help="Where the audit runs: local.")] = "local",
    language: Annotated[str, typer.Option(help="Language of report.html: en or zh.")] = "en",
    device: Device = "auto",
    replay: Annotated[Path | None, path_option("Run the audit of this report.json again and compare.")] = None,
) -> None:
    """Audit explanations (faithfulness, localisation, stability, sanity checks) and write a report."""
    from vtviz.audit.audit import run_audit
    from vtviz.audit.settings import Settings, names
    from vtviz.engine.remote.choose import open_engine
    from vtviz.manifests.read import read_manifest

    if engine != "local":
        raise InputError("There is no engine {engine} for audits; use local.", engine=engine)
    check_language(language)
    if replay is not None:
        raise typer.Exit(_replay(replay, manifest, output, device))
    if manifest is None or output is None:
        raise InputError("An audit needs a manifest and --output, or --replay with a report.")
    written = {"metrics": names(metrics)} if metrics else {}
    settings = Settings(names(model), names(methods), fill=fill, steps=steps, seed=seed, limit=limit, **written)  # type: ignore[arg-type]
    rows = read_manifest(manifest, limit)
    for note in rows.notes:
        typer.echo(note, err=True)
    with bars() as watch, closing(open_engine(device, models=1)) as door:
        report = run_audit(rows, settings, output, door.ask, watch, language)
    for name, counts in report["summary"]["rows"].items():
        typer.echo(f"{name}: rows measured: {counts['measured']} of {counts['total']}. {output / 'report.html'}")


@app.command("metrics")
def list_metrics(as_json: AsJson = False) -> None:
    """List the metrics of explanations, with their direction."""
    from vtviz.metrics.registry import DEFAULTS
    from vtviz.metrics.registry import metrics as known

    fields = ("name", "label", "family", "direction", "paper", "cost")
    rows = [
        {**{f: getattr(m, f) for f in fields}, "needs": sorted(m.needs), "default": m.name in DEFAULTS}
        for m in known().values()
    ]
    show(rows, as_json, lambda row: f"{row['name']:24} {row['direction']:7} {row['label']} ({row['paper']})")


def _replay(report: Path, manifest: Path | None, output: Path | None, device: str) -> int:
    from vtviz.audit.replay import replay
    from vtviz.engine.remote.choose import open_engine

    with tempfile.TemporaryDirectory() as scratch, bars() as watch, closing(open_engine(device, models=1)) as door:
        result = replay(report, output or Path(scratch), door.ask, manifest, watch)
    for item in result[:SHOWN]:
        typer.echo(str(item))
    if len(result) > SHOWN:
        typer.echo(f"… and {len(result) - SHOWN} more")
    typer.echo("The figures differ." if result else "The figures agree.")
    return int(bool(result))
