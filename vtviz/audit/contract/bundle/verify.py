"""Is a bundle still what was packed, and do its parts belong together?"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from vtviz.audit.audit import FIGURES
from vtviz.audit.contract.bundle import sentences
from vtviz.audit.contract.bundle.chain import CHAIN, chain_bytes, make_chain
from vtviz.audit.contract.bundle.pack import pack, unpack
from vtviz.audit.contract.bundle.recompute import ORIGINAL, ROWS, contradictions
from vtviz.audit.contract.bundle.signature import SUFFIX, Signature, check_signature
from vtviz.audit.contract.bundle.write import COVERAGE, GUIDE, PAGE, REPORT, SBOM, SHEETS, SUMMARY
from vtviz.audit.contract.contract import JUNIT, RULES, SCOPE
from vtviz.audit.rows.store import WHOLE
from vtviz.audit.settings import RANDOM
from vtviz.inputs import InputError

DAMAGE = (LookupError, TypeError, AttributeError, ValueError, OSError, ArithmeticError, pa.ArrowException)


NAMES = (SCOPE, RULES, ROWS, WHOLE, SUMMARY, JUNIT, SBOM, GUIDE, COVERAGE, REPORT, PAGE)
ALWAYS = (ROWS, WHOLE, SUMMARY, SBOM, GUIDE, COVERAGE, REPORT, PAGE)


@dataclass(frozen=True)
class Verification:
    """``problems`` in plain sentences, none where the bundle is whole; the ``head`` of its chain as it is now; its
    signature, None where it has none; and ``notes`` on what could not be checked here."""

    problems: tuple[str, ...]
    head: str
    parts: int
    signature: Signature | None
    notes: tuple[str, ...] = ()


def verify_bundle(path: Path, signers: Path | None = None, head: str | None = None) -> Verification:
    """Checks every byte of a bundle, that its parts follow from each other, and the signature beside it.

    Verdicts, JUnit file, figures, rows of the manifest and pages are made again from the other parts. What no other
    part shows, such as the single values of rows, can be changed together with all that follows from it and a new
    chain; its head is then another one: give the ``head`` that was written down when the bundle was made, or have the
    bundle signed.

    Raises:
        InputError: if the file cannot be read, or a signature cannot be checked on this machine.
    """
    data, parts = unpack(path)
    if CHAIN not in parts:
        return Verification(("It is no bundle of an audit, or damaged.",), "", 0, None)
    written = parts.pop(CHAIN)
    chain = make_chain(parts)
    problems = [*_chain_problems(written, chain)]
    if not problems and pack({**parts, CHAIN: written}) != data:
        problems.append("The zip file holds more than its parts, or another order of bytes.")
    if head is not None and head.strip().lower() != chain["head"]:
        problems.append("The head of the chain is not the one that was written down.")
    problems += _foreign(parts)
    notes: list[str] = []
    if not problems:
        problems += _contradictions(parts, notes)
    signature = path.with_name(path.name + SUFFIX)
    signed = check_signature(path, signature, signers) if signature.is_file() else None
    if signed is not None and not signed.valid:
        problems.append("The signature is not that of this bundle.")
    if signed is not None and signers is not None and not signed.known:
        problems.append("The signature is by nobody in the list of signers.")
    if signed is None and signers is not None:
        problems.append(sentences.UNSIGNED.format(name=signature.name))
    return Verification(tuple(problems), chain["head"], len(parts), signed, tuple(notes))


def head_of(path: Path) -> str:
    """The head of a bundle's chain. Raises InputError where the file cannot be read."""
    parts = unpack(path)[1]
    parts.pop(CHAIN, None)
    head: str = make_chain(parts)["head"]
    return head


def _chain_problems(written: bytes, chain: Mapping[str, Any]) -> Iterator[str]:
    """How the chain in a bundle differs from that of its parts."""
    if written == chain_bytes(chain):
        return
    try:
        told = {item["name"]: item["sha256"] for item in json.loads(written)["parts"]}
    except (ValueError, LookupError, TypeError, RecursionError):
        yield sentences.DAMAGED.format(name=CHAIN)
        return
    now = {item["name"]: item["sha256"] for item in chain["parts"]}
    changed = [name for name in told if name in now and now[name] != told[name]]
    yield from (sentences.CHANGED.format(name=name) for name in changed)
    yield from (sentences.MISSING.format(name=name) for name in told if name not in now)
    yield from (sentences.ADDED.format(name=name) for name in now if name not in told)
    if told == now:
        yield sentences.REORDERED.format(name=CHAIN)


def _foreign(parts: Mapping[str, bytes]) -> Iterator[str]:
    """Parts that are not those that the report was made of."""
    try:
        report = orjson.loads(parts[REPORT])
        yield from _names(parts, report)
        for name, told in ((SCOPE, report.get("scope")), (RULES, report.get("rules"))):
            if (told or {}).get("sha256") != (_sha256(parts[name]) if name in parts else None):
                yield sentences.OTHER.format(name=name)
        originals = [name for name in parts if name.startswith(ORIGINAL)]
        if any(_sha256(parts[name]) != report["inputs"]["sha256"] for name in originals):
            yield "The manifest is not the one of the report."
        if orjson.loads(parts[SUMMARY]) != report["summary"]:
            yield sentences.OTHER.format(name=SUMMARY)
        if _photos(parts[WHOLE]) != report["inputs"]["photos_sha256"]:
            yield sentences.OTHER.format(name=WHOLE)
    except DAMAGE:
        yield "A part of the report is missing or damaged."


def _names(parts: Mapping[str, bytes], report: dict[str, Any]) -> Iterator[str]:
    """Parts that no bundle has, and those that this one lacks."""
    sheets = {f"{SHEETS}/row-{int(item['row'])}.html" for item in report.get("sheets") or ()}
    originals = [name for name in parts if name.startswith(ORIGINAL) and "/" not in name.removeprefix(ORIGINAL)]
    known = {*NAMES, *sheets, *originals[:1]}
    yield from (sentences.FOREIGN.format(name=name) for name in parts if name not in known)
    needed = [*ALWAYS, *sorted(sheets), *((JUNIT,) if report.get("rules") else ())]
    yield from (sentences.MISSING.format(name=name) for name in needed if name not in parts)
    if report["inputs"].get("file") and not originals:
        yield "The manifest as it was read is missing."


def _contradictions(parts: Mapping[str, bytes], notes: list[str]) -> Iterator[str]:
    """What does not follow from the other parts; adds to the notes what cannot be told here."""
    try:
        report = orjson.loads(parts[REPORT])
        if report.get("figures", 1) != FIGURES:
            notes.append(
                "The report is by a version of vtviz that computes figures differently: only its hashes were checked."
            )
            return
        yield from contradictions(parts, report)
    except InputError as error:
        notes.append(sentences.NOT_HERE.format(reason=error))
    except DAMAGE:
        yield "A part of the report is missing or damaged."


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _photos(rows: bytes) -> str:
    """One sha256 over those of all photos, as the report has it."""
    filters = [("method", "=", RANDOM)]
    table = pq.read_table(io.BytesIO(rows), columns=["row", "image_sha256"], filters=filters).sort_by("row")
    return hashlib.sha256("\n".join(str(item) for item in table["image_sha256"].to_pylist()).encode()).hexdigest()
