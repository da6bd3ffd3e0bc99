"""Does a report follow from the other parts of its bundle? Its figures, verdicts and pages are made again from them."""

from __future__ import annotations

import base64
import io
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

import vtviz
from vtviz.audit.contract.bundle import sentences
from vtviz.audit.contract.bundle.sbom import is_bill_of
from vtviz.audit.contract.bundle.write import COVERAGE, GUIDE, MANIFEST, PAGE, SBOM, SHEETS, manifest_parts
from vtviz.audit.contract.contract import JUNIT, RULES, SCOPE, read_contract
from vtviz.audit.contract.junit import to_junit
from vtviz.audit.contract.sheets.coverage import coverage_html
from vtviz.audit.contract.sheets.decision import Decision
from vtviz.audit.contract.sheets.guide import guide_html
from vtviz.audit.contract.sheets.person import sheet_html
from vtviz.audit.replay import differences
from vtviz.audit.report.html import to_html
from vtviz.audit.report.summary import summarise
from vtviz.audit.report.truth import Truth
from vtviz.audit.requests import About
from vtviz.audit.rows.store import WHOLE
from vtviz.audit.settings import RANDOM, settings_from
from vtviz.manifests.read import Row, read_manifest

IMAGE = re.compile(r'<img src="(?:data:image/jpeg;base64,)?([^"]*)"')
ORIGINAL = f"{MANIFEST}original-"
ROWS = f"{MANIFEST}rows.jsonl"
Report = dict[str, Any]
Parts = Mapping[str, bytes]


def contradictions(parts: Parts, report: Report) -> Iterator[str]:
    """Where the parts of a bundle contradict each other, in plain sentences.

    Raises:
        InputError: if something can only be made again on another machine, as with metrics of a plug-in.
        LookupError, TypeError, ValueError: if a part is damaged.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in (SCOPE, RULES, WHOLE):
            if name in parts:
                (folder / name).write_bytes(parts[name])
        yield from _terms(folder, parts, report)
        yield from _rows(parts)
        yield from _manifest(folder, parts, report)
        if not is_bill_of(parts[SBOM], report["models"]):
            yield sentences.BILL_DIFFERS.format(name=SBOM)
        yield from _figures(folder, parts, report)
    yield from _pages(parts, report)


def _terms(folder: Path, parts: Parts, report: Report) -> Iterator[str]:
    scope, rules = (folder / name if name in parts else None for name in (SCOPE, RULES))
    terms = orjson.loads(orjson.dumps(read_contract(scope, rules).to_dict(report)))
    if terms["scope"] != report.get("scope"):
        yield sentences.SCOPE_DIFFERS.format(name=SCOPE)
    if terms["rules"] != report.get("rules"):
        yield sentences.VERDICTS_DIFFER.format(name=RULES)
    if (to_junit(report["rules"]) if report.get("rules") else None) != parts.get(JUNIT):
        yield sentences.JUNIT_DIFFERS.format(name=JUNIT)


def _rows(parts: Parts) -> Iterator[str]:
    """Whether the measured rows are those of the manifest."""
    columns, filters = ["row", "image", "text", "group"], [("method", "=", RANDOM)]
    told = {line["row"]: line for line in map(orjson.loads, parts[ROWS].splitlines())}
    for row in pq.read_table(io.BytesIO(parts[WHOLE]), columns=columns, filters=filters).to_pylist():
        if any(told.get(row["row"], {}).get(name) != row[name] for name in columns):
            yield sentences.ROWS_DIFFER.format(name=WHOLE, rows=ROWS)
            return


def _manifest(folder: Path, parts: Parts, report: Report) -> Iterator[str]:
    """Whether the rows are those of the file that was read."""
    name = next((name for name in parts if name.startswith(ORIGINAL)), None)
    if name is None:
        return
    file = folder / name.removeprefix(ORIGINAL)
    file.write_bytes(parts[name])
    again = manifest_parts(read_manifest(file, report["settings"].get("limit")))
    if again[ROWS] != parts[ROWS]:
        yield sentences.MANIFEST_DIFFERS.format(name=ROWS, file=name)


def _figures(folder: Path, parts: Parts, report: Report) -> Iterator[str]:
    order = [(model, method) for model, methods in report["summary"]["metrics"].items() for method in methods]
    table = pq.read_table(folder / WHOLE)
    pairs = zip(table["model"].to_pylist(), table["method"].to_pylist(), strict=True)
    place = [order.index(pair) for pair in pairs]  # comparisons follow the order in which methods were measured
    pq.write_table(table.take(pa.array(np.argsort(place, kind="stable"))), folder / WHOLE)
    models = {item["name"]: About(**{**item, "methods": tuple(item["methods"])}) for item in report["models"]}
    lines = map(orjson.loads, parts[ROWS].splitlines())
    truth = Truth({line["row"]: line["label"] != 0 for line in lines}, models)
    again = orjson.loads(orjson.dumps(summarise(folder / WHOLE, settings_from(report["settings"]), truth)))
    found = next(differences({name: report["summary"].get(name) for name in again}, again, "summary"), None)
    if found is not None:
        yield sentences.RESULTS_DIFFER.format(name=WHOLE, place=found.place)


def _pages(parts: Parts, report: Report) -> Iterator[str]:
    """Pages that are not what this version writes; those of other versions may be worded otherwise."""
    if report["versions"].get("vtviz") != vtviz.__version__:
        return
    language, written = report.get("language", "en"), parts[PAGE].decode()
    cases = [
        case["picture"]
        for model in report["models"]
        for found in (report["cases"][model["name"]][method] for method in model["methods"])
        if found["best"]
        for case in (*found["best"], *found["worst"])
    ]
    drawn = IMAGE.findall(written)[-len(cases) :] if cases else []
    pictures = {name: base64.b64decode(data) for name, data in zip(cases, drawn, strict=True) if data}
    made = {PAGE: to_html(report, pictures, language), GUIDE: guide_html(language)}
    made[COVERAGE] = coverage_html(report, language)
    made |= dict(_sheets(parts, report, language))
    for name, page in made.items():
        if page.encode() != parts[name]:
            yield sentences.PAGE_DIFFERS.format(name=name)


def _sheets(parts: Parts, report: Report, language: str) -> Iterator[tuple[str, str]]:
    """The pages for the persons concerned, with the pictures that they hold."""
    texts = {line["row"]: line["text"] for line in map(orjson.loads, parts[ROWS].splitlines())}
    for item in report.get("sheets") or ():
        name = f"{SHEETS}/row-{item['row']}.html"
        decision = Decision(**{field.name: item[field.name] for field in fields(Decision)})
        picture = base64.b64decode(IMAGE.findall(parts[name].decode())[0])
        row = Row(item["row"], Path(), texts[item["row"]])
        about = (item["model"], item["method"], report["summary"], language)
        yield name, sheet_html(row, decision, picture, *about)
