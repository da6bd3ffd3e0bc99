"""What people answered enters the report that is already there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from vtviz.audit.contract.bundle.signature import SUFFIX
from vtviz.audit.contract.bundle.write import BUNDLE, write_bundle
from vtviz.audit.people.sessions import people_results
from vtviz.audit.report.files import damage_told, stored_report
from vtviz.audit.report.html import write_html
from vtviz.files import write_atomically
from vtviz.manifests.read import Manifest


def enter_people(folder: Path, manifest: Manifest, language: str = "en") -> dict[str, Any]:
    """Writes ``report.json``, ``report.html`` and the bundle of an audit again, with what people answered; returns the
    report. A signature of the bundle as it was is removed.

    Raises:
        InputError: if the report is damaged.
    """
    report = stored_report(folder)
    report["people"] = people_results(folder)
    with damage_told(folder):
        write_atomically(folder / "report.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
        write_html(folder, language)
        write_bundle(folder, manifest, report, language)
        (folder / (BUNDLE + SUFFIX)).unlink(missing_ok=True)
    return report
