"""What people answered enters the report that is already there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from vtviz.audit.contract.bundle.pack import unpack
from vtviz.audit.contract.bundle.signature import SUFFIX
from vtviz.audit.contract.bundle.write import BUNDLE, MANIFEST, write_bundle
from vtviz.audit.people.sessions import people_results
from vtviz.audit.report.files import damage_told, stored_report
from vtviz.audit.report.html import write_html
from vtviz.files import write_atomically


def enter_people(folder: Path) -> dict[str, Any]:
    """Writes ``report.json``, ``report.html`` and the bundle of an audit again, in its language, with what people
    answered; returns the report. The manifest is the one in the bundle as it was, whose signature is removed.

    Raises:
        InputError: if the report is damaged.
    """
    report = stored_report(folder)
    report["people"] = people_results(folder)
    with damage_told(folder):
        language = report.get("language", "en")
        write_atomically(folder / "report.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
        write_html(folder, language)
        if (folder / BUNDLE).is_file():  # an audit of an early version has none
            parts = unpack(folder / BUNDLE)[1]
            manifest = {name: data for name, data in parts.items() if name.startswith(MANIFEST)}
            write_bundle(folder, manifest, report, language)
        (folder / (BUNDLE + SUFFIX)).unlink(missing_ok=True)
    return report
