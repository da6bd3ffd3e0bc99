"""What an audit says on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from vtviz.watch import as_clock

if TYPE_CHECKING:  # it loads torch, which other commands need not wait for
    from vtviz.audit.cost.count import Cost

FAILED_RULE = 3  # exit code
REASONS = 5  # why rows were not measured, at most


def told_cost(cost: Cost) -> None:
    """Says what an audit will cost in all, before it starts, where its results do not go."""
    for name, part in (*cost.parts.items(), ("in all", cost.total)):
        passes = f"passes over photos: {part.photos}, over texts: {part.texts}"
        typer.echo(f"{name.replace('_', ' ')}: about {as_clock(part.seconds)}, {passes}", err=True)


def told_rules(judged: dict[str, Any]) -> int:
    """Says which rules were not met; the exit code."""
    from vtviz.audit.contract.junit import said, title

    for outcome in judged["outcomes"]:
        if outcome["verdict"] != "passed":
            about = " ".join(filter(None, (outcome["model"], outcome["method"])))
            typer.echo(f"{outcome['verdict'].replace('_', ' ')}: {about}: {title(outcome)}: {said(outcome)}")
    typer.echo("All rules are met." if judged["met"] else "Not all rules are met.")
    return 0 if judged["met"] else FAILED_RULE


def told_failures(summary: dict[str, Any]) -> None:
    """Says which rows could not be measured, and why: the most frequent reasons, with the first of their rows."""
    reasons = sorted(summary["failures"], key=lambda reason: -summary["failures"][reason])
    for reason in reasons[:REASONS]:
        rows, count = summary["failed_rows"][reason], summary["failures"][reason]
        more = f" and {count - len(rows)} more" if count > len(rows) else ""
        typer.echo(f"Not measured, row {', '.join(map(str, rows))}{more}: {reason}", err=True)
    if len(reasons) > REASONS:
        typer.echo(f"The report has {len(reasons) - REASONS} more reasons.", err=True)


def told_planted(found: dict[str, Any]) -> None:
    """Says how often each method found what was planted."""
    for model, figures in found.items():
        for kind, about in figures["kinds"].items():
            why = f" ({about['reason']})" if about.get("reason") else ""
            typer.echo(f"{model}: {kind}: {about['took']} of {about['planted']} planted causes moved the answer{why}.")
        for method, parts in figures["methods"].items():
            for part in ("photo", "text"):
                if part in parts:
                    mean, low, high, chance = (f"{parts[part][name]:.0%}" for name in ("mean", "low", "high", "chance"))
                    typer.echo(
                        f"{model} {method} finds a planted cause in the {part} in {mean} of {parts[part]['n']} cases "
                        f"({low} to {high}; by chance {chance})."
                    )


def told_bundle(output: Path, key: Path | None) -> None:
    """Says the head of the bundle's chain, which should be written down elsewhere, and signs the bundle."""
    from vtviz.audit.contract.bundle.signature import SUFFIX, sign
    from vtviz.audit.contract.bundle.verify import head_of
    from vtviz.audit.contract.bundle.write import BUNDLE

    bundle = output / BUNDLE
    typer.echo(f"{bundle}: {head_of(bundle)}")
    if key is None:
        bundle.with_name(BUNDLE + SUFFIX).unlink(missing_ok=True)  # of an earlier bundle
    else:
        typer.echo(f"Signed: {sign(bundle, key)}")
