"""Audit explanations over a manifest, or replay an audit."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.audit_told import told_bundle, told_cost, told_failures, told_planted, told_rules
from vtviz.cli.common import AsJson, Device, app, bars, check_language, path_argument, path_option, show
from vtviz.cli.side_by_side import EngineName, Gpus, RayAddress, Threads, Workers, many_at, place_of
from vtviz.files import from_home
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
    wrong_texts: Annotated[
        int,
        typer.Option(
            help="Also score each photo with N texts of other rows, for the model's AUC, F1 and calibration: "
            "N passes per row, without the photo's own.",
            min=0,
            max=20,
        ),
    ] = 0,
    limit: Annotated[int | None, typer.Option(help="Only the first N rows.", min=1)] = None,
    engine: EngineName = "local",
    address: RayAddress = "local",
    workers: Workers = None,
    threads: Threads = 1,
    gpus: Gpus = 0.0,
    language: Annotated[str, typer.Option(help="Language of report.html: en or zh.")] = "en",
    device: Device = "auto",
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Also compare the maps of each pair of methods; costs no passes.")
    ] = False,
    choices: Annotated[
        bool,
        typer.Option(
            "--choices",
            help="Also repeat insertion and deletion with every fill and with twice the steps: about 10 k more passes "
            "per method and row (k steps). Maps are not computed again.",
        ),
    ] = False,
    planted: Annotated[
        int,
        typer.Option(
            help="Also plant N causes of each of three kinds and see which methods find them: 3 N runs of every method "
            "and about 15 N passes, and once per model up to 120 training steps on a copy of it.",
            min=0,
            max=500,
        ),
    ] = 0,
    scope: Annotated[Path | None, path_option("scope.toml: who answers for the system, and what it is for.")] = None,
    rules: Annotated[
        Path | None, path_option("rules.toml: what the audit must show; a failed rule ends with exit code 3.")
    ] = None,
    sheets: Annotated[
        str | None,
        typer.Option(
            help="Row numbers, separated by commas, for each of which one page for the person concerned is written: "
            "about W + k + 2 passes each (W words, k steps)."
        ),
    ] = None,
    cost: Annotated[bool, typer.Option("--cost", help="Only say what the audit will cost, part by part.")] = False,
    sign: Annotated[Path | None, path_option("Sign the bundle with this SSH key.")] = None,
    replay: Annotated[Path | None, path_option("Run the audit of this report.json again and compare.")] = None,
    compare: Annotated[
        tuple[str, str] | None, typer.Option(help="OLD/report.json NEW/report.json: what changed between two audits.")
    ] = None,
    verify: Annotated[Path | None, path_option("Check this bundle.zip, and the signature beside it.")] = None,
    head: Annotated[
        str | None, typer.Option(help="With --verify: the head of the chain that was written down for this bundle.")
    ] = None,
    signers: Annotated[
        Path | None, path_option("Whose signatures count: a file with lines NAME KEY, as ssh-keygen reads it.")
    ] = None,
) -> None:
    """Audit explanations (faithfulness, localisation, stability, sanity checks) and write a report."""
    from vtviz.audit.audit import run_audit
    from vtviz.audit.contract.contract import read_contract
    from vtviz.audit.cost.count import count_cost
    from vtviz.audit.folder import RUN
    from vtviz.audit.settings import settings_of
    from vtviz.engine.remote.choose import open_engine
    from vtviz.manifests.read import read_manifest

    place = place_of(engine, address, workers, threads, gpus)
    check_language(language)
    if verify is not None:
        raise typer.Exit(_verify(verify, signers, head))
    if compare is not None:
        raise typer.Exit(_compare(from_home(compare[0]), from_home(compare[1]), output, language))
    if replay is not None:
        raise typer.Exit(_replay(replay, manifest, output, device))
    if manifest is None or (output is None and not cost):
        raise InputError("An audit needs a manifest and --output, or --replay with a report.")
    settings = settings_of(
        model,
        methods,
        metrics,
        fill=fill,
        steps=steps,
        seed=seed,
        limit=limit,
        wrong_texts=wrong_texts,
        agreement=agreement,
        planted=planted,
        choices=choices,
    )
    contract = read_contract(scope, rules, sheets)
    rows = read_manifest(manifest, limit)
    contract.check(settings, rows.rows)
    for note in rows.notes:
        typer.echo(note, err=True)
    with bars() as watch, many_at(place, device) as many, closing(open_engine(device, models=1)) as door:
        if cost or output is None or not (output / RUN).is_file():  # what goes on costs less than it was said to
            told_cost(count_cost(rows.rows, settings, door.ask, watch))
        if cost or output is None:
            return
        report = run_audit(rows, settings, output, door.ask, watch, language, contract, many)
    for name, counts in report["summary"]["rows"].items():
        typer.echo(f"{name}: rows measured: {counts['measured']} of {counts['total']}. {output / 'report.html'}")
    told_failures(report["summary"])
    told_planted(report["summary"].get("planted", {}))
    for missing in report["sheets_missing"]:
        typer.echo(f"Row {missing['row']} has no sheet: {missing['reason']}")
    told_bundle(output, sign)
    if report["rules"] is not None:
        raise typer.Exit(told_rules(report["rules"]))


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


def _verify(bundle: Path, signers: Path | None, head: str | None) -> int:
    from vtviz.audit.contract.bundle.verify import verify_bundle

    result = verify_bundle(bundle, signers, head)
    for problem in (*result.problems, *result.notes):
        typer.echo(problem)
    if result.head:
        typer.echo(f"Parts: {result.parts}. Head of the chain: {result.head}")
    if result.signature is not None and result.signature.valid:
        trusted = "Signed by" if result.signature.known else "Signed, but by whom is not known:"
        typer.echo(f"{trusted} {result.signature.signer}")
    whole = "The bundle is whole, but not all of it could be checked." if result.notes else "The bundle is whole."
    typer.echo("The bundle is not what was packed." if result.problems else whole)
    return int(bool(result.problems))


def _compare(old: Path, new: Path, output: Path | None, language: str) -> int:
    from vtviz.audit.contract.compare import changed, compare
    from vtviz.audit.contract.compare_html import write_comparison

    result = compare(old, new)
    for side in ("old", "new"):
        for kind, names in result[f"only_{side}"].items():
            typer.echo(f"{kind} only in the {side} report: {', '.join(names)}")
    for item in result["moved"][:SHOWN]:
        about = " ".join(
            filter(None, (item[name] for name in ("model", "method", "kind", "metric", "group", "answers")))
        )
        typer.echo(f"{about}: {item['old']['value']:.4f} → {item['new']['value']:.4f}, beyond both intervals")
    if len(result["moved"]) > SHOWN:
        typer.echo(f"… and {len(result['moved']) - SHOWN} more")
    for item in result["flipped"]:
        if item["count"] is not None:
            typer.echo(f"{item['model']}: rows with another verdict: {item['count']} of {item['both']}")
        if item["lost"]:
            typer.echo(f"{item['model']}: rows measured before that failed now: {item['lost']}")
    for item in result["rules"]:
        told = [f"{item[side]} (limit {item[f'{side}_limit']})" if item[side] else "no rule" for side in ("old", "new")]
        typer.echo(f"{item['model']} {item['metric']} {item['bound']}: {' → '.join(told)}".replace("_", " "))
    if output is not None:
        typer.echo(f"{write_comparison(output, result, language)}")
    if not result["compared"]:
        typer.echo("The audits have no result in common, so there is nothing to compare.")
        return 2
    moved = changed(result)
    typer.echo("The audits differ." if moved else "The audits agree within their intervals.")
    return int(moved)


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
