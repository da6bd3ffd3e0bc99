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

from vtviz.audit.contract.bundle.chain import CHAIN, chain_bytes, make_chain
from vtviz.audit.contract.bundle.pack import pack, unpack
from vtviz.audit.contract.bundle.signature import SUFFIX, Signature, check_signature
from vtviz.audit.contract.bundle.write import MANIFEST, REPORT, SUMMARY
from vtviz.audit.contract.contract import RULES, SCOPE
from vtviz.audit.rows.store import WHOLE
from vtviz.audit.settings import RANDOM


@dataclass(frozen=True)
class Verification:
    """``problems`` in plain sentences, none where the bundle is whole; the ``head`` of its chain as it is now; and its
    signature, None where it has none."""

    problems: tuple[str, ...]
    head: str
    parts: int
    signature: Signature | None


def verify_bundle(path: Path, signers: Path | None = None) -> Verification:
    """Checks every byte of a bundle, that its parts belong together, and the signature beside it.

    Whoever changes a part and makes a new chain changes the head: compare it with the one that was written down when
    the bundle was made, or have the bundle signed.

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
    problems += _foreign(parts)
    signature = path.with_name(path.name + SUFFIX)
    signed = check_signature(path, signature, signers) if signature.is_file() else None
    if signed is not None and not signed.valid:
        problems.append("The signature is not that of this bundle.")
    if signed is not None and signers is not None and not signed.known:
        problems.append("The signature is by nobody in the list of signers.")
    if signed is None and signers is not None:
        problems.append(f"There is no signature {signature.name} beside it.")
    return Verification(tuple(problems), chain["head"], len(parts), signed)


def _chain_problems(written: bytes, chain: Mapping[str, Any]) -> Iterator[str]:
    """How the chain in a bundle differs from that of its parts."""
    if written == chain_bytes(chain):
        return
    try:
        told = {item["name"]: item["sha256"] for item in json.loads(written)["parts"]}
    except (ValueError, LookupError, TypeError, RecursionError):
        yield f"{CHAIN} is damaged."
        return
    now = {item["name"]: item["sha256"] for item in chain["parts"]}
    changed = [name for name in told if name in now and now[name] != told[name]]
    yield from (f"{name} was changed." for name in changed)
    yield from (f"{name} is missing." for name in told if name not in now)
    yield from (f"{name} was added." for name in now if name not in told)
    if told == now:
        yield f"{CHAIN} was changed, or the order of the parts."


def _foreign(parts: Mapping[str, bytes]) -> Iterator[str]:
    """Parts that are not those that the report was made of."""
    try:
        report = orjson.loads(parts[REPORT])
        for name, told in ((SCOPE, report.get("scope")), (RULES, report.get("rules"))):
            if (told or {}).get("sha256") != (_sha256(parts[name]) if name in parts else None):
                yield f"{name} is not the one of the report."
        originals = [name for name in parts if name.startswith(f"{MANIFEST}original-")]
        if any(_sha256(parts[name]) != report["inputs"]["sha256"] for name in originals):
            yield "The manifest is not the one of the report."
        if orjson.loads(parts[SUMMARY]) != report["summary"]:
            yield f"{SUMMARY} is not the one of the report."
        if _photos(parts[WHOLE]) != report["inputs"]["photos_sha256"]:
            yield f"{WHOLE} is not the one of the report."
    except (LookupError, TypeError, AttributeError, ValueError, OSError, pa.ArrowException):
        yield "A part of the report is missing or damaged."


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _photos(rows: bytes) -> str:
    """One sha256 over those of all photos, as the report has it."""
    filters = [("method", "=", RANDOM)]
    table = pq.read_table(io.BytesIO(rows), columns=["row", "image_sha256"], filters=filters).sort_by("row")
    return hashlib.sha256("\n".join(str(item) for item in table["image_sha256"].to_pylist()).encode()).hexdigest()
