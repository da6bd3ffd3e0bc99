"""A bundle from the folder of an audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from vtviz.audit.contract.bundle.chain import CHAIN, chain_bytes, make_chain
from vtviz.audit.contract.bundle.pack import pack
from vtviz.audit.contract.bundle.sbom import bill_of_materials
from vtviz.audit.contract.contract import JUNIT, RULES, SCOPE
from vtviz.audit.contract.sheets.coverage import coverage_html
from vtviz.audit.contract.sheets.guide import guide_html
from vtviz.audit.rows.store import WHOLE
from vtviz.files import write_atomically
from vtviz.manifests.read import Manifest

BUNDLE = "bundle.zip"
SUMMARY, SBOM, REPORT = "summary.json", "environment.cdx.json", "report.json"
PAGE, GUIDE, COVERAGE = "report.html", "how-to-read.html", "coverage.html"
MANIFEST = "manifest/"
SHEETS = "sheets"


def write_bundle(folder: Path, manifest: Mapping[str, bytes], report: dict[str, Any], language: str = "en") -> str:
    """Writes ``bundle.zip`` of an audit whose report is written; returns the head of its chain. ``manifest`` are the
    ``manifest_parts`` of the manifest as the audit read it.

    First come the parts that are equal for equal runs, then those that hold times; so the links of the former are equal
    for equal runs too.
    """
    parts = {name: (folder / name).read_bytes() for name in (SCOPE, RULES) if (folder / name).is_file()}
    parts |= manifest
    parts[WHOLE] = in_order(folder / WHOLE, [model["name"] for model in report["models"]])
    parts[SUMMARY] = orjson.dumps(report["summary"], option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    if (folder / JUNIT).is_file():
        parts[JUNIT] = (folder / JUNIT).read_bytes()
    parts[SBOM] = bill_of_materials(report["models"])
    parts[GUIDE] = guide_html(language).encode()
    parts[COVERAGE] = coverage_html(report, language).encode()
    for file in sorted((folder / SHEETS).glob("*.html")):
        parts[f"{SHEETS}/{file.name}"] = file.read_bytes()
    parts |= {name: (folder / name).read_bytes() for name in (REPORT, PAGE)}
    chain = make_chain(parts)
    write_atomically(folder / BUNDLE, pack({**parts, CHAIN: chain_bytes(chain)}))
    head: str = chain["head"]
    return head


def manifest_parts(manifest: Manifest) -> dict[str, bytes]:
    """The manifest as it was read, row by row, and the file itself where it is one."""
    rows = [
        {
            "row": row.number,
            "image": row.image.name.encode(errors="replace").decode(),
            "text": row.text,
            "boxes": [list(box) for box in row.boxes],
            "unit": row.unit,
            "phrase": row.phrase,
            "group": row.group,
            "label": row.label,
        }
        for row in manifest.rows
    ]
    found = {f"{MANIFEST}rows.jsonl": b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)}
    if manifest.data:
        name = "".join(c if c.isalnum() or c in "-_." else "-" for c in manifest.path.name)
        found[f"{MANIFEST}original-{name}"] = manifest.data
    return found


def in_order(path: Path, models: Sequence[str]) -> bytes:
    """A file of rows by model (in this order), row and method, whatever order they were measured in."""
    table, sink = pq.read_table(path), pa.BufferOutputStream()
    place = np.array([models.index(name) for name in table["model"].to_pylist()])
    method = np.array(table["method"].to_pylist(), dtype=str)
    order = np.lexsort((method, table["row"].to_numpy(), place))
    pq.write_table(table.take(pa.array(order)).combine_chunks(), sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data
