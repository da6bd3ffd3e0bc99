"""An audit from end to end: rows, checks, figures, report."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from vtviz.attribution.registry import find_method
from vtviz.audit.checks import run_checks
from vtviz.audit.contract.bundle.write import manifest_parts, write_bundle
from vtviz.audit.contract.contract import NO_CONTRACT, Contract
from vtviz.audit.contract.sheets.person import check_sheets, write_sheets
from vtviz.audit.folder import claim_folder
from vtviz.audit.live import forget
from vtviz.audit.people.sessions import people_results
from vtviz.audit.planted.run import run_planted
from vtviz.audit.report.best_and_worst import draw_cases, pick_cases
from vtviz.audit.report.html import write_html
from vtviz.audit.report.summary import summarise
from vtviz.audit.report.truth import Truth
from vtviz.audit.requests import About, LookUp
from vtviz.audit.rows.loop import measure_rows
from vtviz.audit.rows.store import RowStore
from vtviz.audit.settings import RANDOM, Settings
from vtviz.files import write_atomically
from vtviz.inputs import InputError
from vtviz.jobs.door import Door
from vtviz.jobs.many import Many, one_by_one
from vtviz.machine import versions
from vtviz.manifests.read import Manifest, Row
from vtviz.metrics.registry import find_metric
from vtviz.watch import Watch

SCHEMA = "vtviz.audit/1"
FIGURES = 2  # how figures follow from rows; raised where equal rows give other figures than before
REPORT = "report.json"


def run_audit(
    manifest: Manifest,
    settings: Settings,
    folder: Path,
    door: Door,
    watch: Watch | None = None,
    language: str = "en",
    contract: Contract = NO_CONTRACT,
    many: Many | None = None,
) -> dict[str, Any]:
    """Runs an audit, or what is left of it, in a folder; returns the report that it writes there.

    Args:
        manifest: the rows.
        settings: what to measure.
        folder: for ``report.json``, ``report.html``, ``rows.parquet``; made where there is none.
        door: the way to the models.
        watch: hears of the stages ``rows`` (of every model), ``checks``, ``planted`` (where asked for) and ``report``;
            may cancel between passes.
        language: of ``report.html``.
        contract: who answers for the system, and the rules that the report is held to. Another one on the same folder
            writes another report of the same figures.
        many: does the rows and the checks on devices of the door's kind; where None, they use the door, one by one.

    Raises:
        InputError: if the folder holds another audit or cannot be written to, a method is not defined for a model, or
            every row failed.
        ModelError: if a model cannot be loaded.
        Cancelled: if the watch says so; the same call goes on later.
    """
    try:
        return _run(manifest, settings, folder, door, watch or Watch(), language, contract, many or one_by_one(door))
    except OSError as error:
        raise InputError(
            "The folder {folder} cannot be written to: {reason}. Rows measured so far are kept.",
            folder=folder,
            reason=os.strerror(error.errno) if error.errno else str(error),
        ) from error


def _run(
    manifest: Manifest,
    settings: Settings,
    folder: Path,
    door: Door,
    watch: Watch,
    language: str,
    contract: Contract,
    many: Many,
) -> dict[str, Any]:
    contract.check(settings, manifest.rows)
    concerned = check_sheets(manifest.rows, contract.sheets)
    folder.mkdir(parents=True, exist_ok=True)
    models: list[About] = [door(LookUp(name, settings), watch.quietly()) for name in settings.models]
    claim_folder(folder, manifest, settings, models)
    store = RowStore(folder, settings.metrics, settings.extras)
    measure_rows(store, manifest.rows, settings, models, many, watch)
    store.join()
    good = _measured(store.whole, manifest)
    checks = run_checks(folder, good, settings, models, many, watch)
    planted = run_planted(folder, good, settings, models, door, watch) if good else {}
    watch.enter("report", 1, failed=watch.now.failed)
    if not good:
        raise InputError(
            "No row could be measured. First reason: {reason}",
            reason=next(iter(summarise(store.whole, settings, Truth.of(manifest.rows, models))["failures"])),
        )
    report = make_report(manifest, settings, models, store.whole, checks, planted)
    report |= contract.to_dict(report)
    report |= {"people": people_results(folder), "language": language}
    done, missing = write_sheets(folder, concerned, settings, models[0], report["summary"], door, watch, language)
    report |= {"sheets": done, "sheets_missing": missing}
    draw_cases(folder, report["cases"], manifest.rows, door, watch)
    write_atomically(folder / REPORT, orjson.dumps(report, option=orjson.OPT_INDENT_2))
    contract.save(folder, report)
    write_html(folder, language)
    write_bundle(folder, manifest_parts(manifest), report, language)
    forget(folder)
    watch.tell(replace(watch.now, done=1))
    return report


def make_report(
    manifest: Manifest,
    settings: Settings,
    models: list[About],
    rows: Path,
    checks: dict[str, Any],
    planted: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The report as plain values: the schema of ``report.json``. ``summary`` is equal for equal runs."""
    methods = list(dict.fromkeys(method for model in models for method in model.methods))
    sanity = {model: result["sanity"] for model, result in checks.items()}
    heads = {model: result["heads"] for model, result in checks.items()}
    return {
        "schema": SCHEMA,
        "figures": FIGURES,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": settings.to_dict(),
        "inputs": {
            "manifest": _told(Path(manifest.path.name)),
            "path": _told(manifest.path.resolve()),
            "sha256": manifest.sha256,
            "rows": len(manifest.rows),
            "file": bool(manifest.data),
            "notes": list(manifest.notes),
            "photos_sha256": photos_sha256(rows),
        },
        "models": [
            {
                "name": item.name,
                "weights_sha256": item.weights_sha256,
                "device": item.device,
                "methods": list(item.methods),
                "threshold": item.threshold,
                "score_kind": item.score_kind,
            }
            for item in models
        ],
        "methods": {name: _describe(find_method(name), "label", "paper", "cost") for name in methods},
        "metrics": {
            name: _describe(find_metric(name), "label", "family", "direction", "paper", "cost")
            for name in settings.metrics
        },
        "versions": versions(),
        "summary": {
            **summarise(rows, settings, Truth.of(manifest.rows, models)),
            "sanity": sanity,
            "heads": heads,
            **({"planted": planted} if planted else {}),
        },
        "cases": pick_cases(rows, settings, models),
    }


def photos_sha256(rows: Path) -> str:
    """One sha256 over those of all photos in the order of the rows; single ones are in ``rows.parquet``."""
    table = pq.read_table(rows, columns=["row", "image_sha256"], filters=[("method", "=", RANDOM)]).sort_by("row")
    return hashlib.sha256("\n".join(str(item) for item in table["image_sha256"].to_pylist()).encode()).hexdigest()


def _told(path: Path) -> str:
    """A path as text, which JSON can hold, for its bytes may be none."""
    return os.fsencode(path).decode(errors="replace")


def _describe(thing: object, *fields: str) -> dict[str, Any]:
    return {field: getattr(thing, field) for field in fields}


def _measured(rows: Path, manifest: Manifest) -> list[Row]:
    """The rows that every model measured."""
    table = pq.read_table(rows, columns=["row", "status"], filters=[("method", "=", RANDOM)])
    failed = {n for n, s in zip(table["row"].to_pylist(), table["status"].to_pylist(), strict=True) if s == "failed"}
    return [row for row in manifest.rows if row.number not in failed]
