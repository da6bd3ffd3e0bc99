"""Policies: photos and texts against rules."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtviz.cli.common import AsJson, Device, Photo, app, bars, path_argument, path_option
from vtviz.files import check_file_place, data_folder, make_folder, read_photo, reason, write_atomically
from vtviz.inputs import ImageInput, InputError, framed

if TYPE_CHECKING:
    from vtviz.tasks.policy.check import Evidence

policies = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(policies, name="policy", help="Check photos and texts against a policy, and evaluate a policy.")

DECISION = "decision.json"

PolicyFile = Annotated[Path, path_argument("A YAML file; docs/policy.md explains it.")]
PolicyModel = Annotated[str | None, typer.Option(help="Model name; default: the policy's.")]


@policies.command("check")
def check(
    policy: PolicyFile,
    photo: Photo,
    text: Annotated[str, typer.Argument(help="The text beside the photo, if any.")] = "",
    output: Annotated[
        Path | None, path_option("Folder for decision.json and, where a rule speaks of the photo, evidence.png.")
    ] = None,
    log: Annotated[Path | None, path_option("Add the decision to this file; default: in vtviz's data folder.")] = None,
    model: PolicyModel = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Check a photo, and the text beside it, against a policy; the decision goes to the audit log."""
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.tasks.policy import CheckPolicy
    from vtviz.tasks.policy.check import ruling_dict
    from vtviz.tasks.policy.log import FILE, log_ruling
    from vtviz.tasks.policy.policy import read_policy
    from vtviz.tasks.search.find import is_foreign

    if output is not None:
        check_file_place(output / DECISION)
    rules, image = read_policy(_bytes(policy), policy.name), read_photo(photo)
    with closing(open_engine(device, models=1)) as engine, bars() as watch:
        ruling = engine.ask(CheckPolicy(rules, image, text, model or rules.model), watch)
    log_ruling(log or data_folder() / FILE, rules, image.sha256, text, ruling)
    if is_foreign(model or rules.model, rules.read_by_model(text)):
        typer.echo(
            f"{model or rules.model} does not read the language of this text or policy; do not rely on it.", err=True
        )
    if ruling.unknown:
        typer.echo(f"Rare or unseen in training: {', '.join(ruling.unknown)}.", err=True)
    written = json.dumps(ruling_dict(ruling), indent=2, ensure_ascii=False)
    if output is not None:
        _write_decision(output, written, image, ruling.evidence)
    if as_json:
        typer.echo(written)
        return
    typer.echo(ruling.action)
    if ruling.fired:
        because = ", ".join(
            filter(
                None,
                [
                    ruling.fired.phrase,
                    *(ruling.text[start:end] for start, end in ruling.fired.spans),
                    ruling.fired.meaning,
                ],
            )
        )
        typer.echo(f"{ruling.fired.rule} ({ruling.fired.score:.2f}): {ruling.fired.message} [{because}]")
    for score in ruling.nearest:
        typer.echo(f"  next: {score.rule} {score.score:.2f}, threshold {score.threshold:.2f}")


@policies.command("evaluate")
def evaluate(
    policy: PolicyFile,
    manifest: Annotated[Path, path_argument("CSV or JSONL with image, text and the rules that ought to fire.")],
    precision: Annotated[
        float, typer.Option(min=0, max=1, help="Precision that a suggested threshold reaches.")
    ] = 0.95,
    output: Annotated[Path | None, path_option("Write every figure to this JSON file.")] = None,
    model: PolicyModel = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Measure each rule of a policy on labelled rows, and suggest thresholds."""
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.model import LoadModel
    from vtviz.engine.requests.tasks.policy import ScoreRules
    from vtviz.tasks.policy.evaluate import evaluate_policy, figures_dict
    from vtviz.tasks.policy.policy import read_policy
    from vtviz.tasks.policy.rows import read_rows

    if output is not None:
        check_file_place(output)
    rules = read_policy(_bytes(policy), policy.name)
    rows, asked = read_rows(manifest, {rule.name for rule in rules.rules}), model or rules.model
    with closing(open_engine(device, models=1)) as engine, bars() as watch:
        weights = engine.ask(LoadModel(asked), watch).weights_sha256
        scores = [
            engine.ask(ScoreRules(rules, read_photo(row.image, row.image.name), row.text, asked), watch.quietly())
            for row in watch.follow("rows", rows)
        ]
    figures = evaluate_policy(rules, [row.rules for row in rows], scores, precision)
    written = json.dumps(figures_dict(rules, weights, figures, precision), indent=2, ensure_ascii=False)
    if output is not None:
        make_folder(output.parent)
        write_atomically(output, (written + "\n").encode())
    if as_json:
        typer.echo(written)
        return
    for item in figures:
        shown = [
            f"{name} {'-' if value is None else f'{value:.2f}'}"
            for name, value in (("precision", item.precision), ("recall", item.recall), ("ROC AUC", item.roc_auc))
        ]
        hint = f"; threshold {item.suggested.threshold:.15g} for precision {precision:g}" if item.suggested else ""
        typer.echo(f"{item.rule}: {', '.join(shown)} on {item.rows} rows, {item.positives} positive{hint}")


def _write_decision(folder: Path, written: str, image: ImageInput, evidence: Evidence | None) -> None:
    """Writes a decision and, where it has evidence on the photo, the photo under its heatmap."""
    from vtviz.render.overlay import overlay, to_png

    make_folder(folder)
    write_atomically(folder / DECISION, (written + "\n").encode())
    if evidence is not None:
        picture = overlay(framed(image, evidence.frame), evidence.relevance.image.clip(min=0.0))
        write_atomically(folder / "evidence.png", to_png(picture))
    else:
        (folder / "evidence.png").unlink(missing_ok=True)  # of an earlier decision


def _bytes(path: Path) -> bytes:
    from vtviz.tasks.policy.policy import LARGEST

    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(
            "The file {path} cannot be read: {reason}.", path=str(path), reason=reason(error, path)
        ) from error
