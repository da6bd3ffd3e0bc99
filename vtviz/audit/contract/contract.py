"""The terms of an audit: its scope and its rules, kept beside the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtviz.audit.contract.judgement import judge
from vtviz.audit.contract.junit import to_junit
from vtviz.audit.contract.rules import Rules, read_rules
from vtviz.audit.contract.scope import Scope, read_scope
from vtviz.audit.settings import Settings
from vtviz.files import JSON_BYTES, read_bytes, write_atomically
from vtviz.inputs import InputError
from vtviz.manifests.read import Row

SCOPE, RULES, JUNIT = "scope.toml", "rules.toml", "junit.xml"
SHEETS = "sheets.txt"  # the rows of an audit in the background for which sheets are written


@dataclass(frozen=True)
class Contract:
    """The terms; None where nobody has stated them. ``sheets`` are the numbers of rows for which a page is written for
    the person concerned."""

    scope: Scope | None = None
    rules: Rules | None = None
    sheets: tuple[int, ...] = ()

    def check(self, settings: Settings, rows: Sequence[Row]) -> None:
        """Raises InputError where a rule could never be judged by an audit of these rows with these settings."""
        if self.rules is not None:
            self.rules.check(settings, rows)

    def to_dict(self, report: dict[str, Any]) -> dict[str, Any]:
        """``scope`` and ``rules`` as the report holds them, None where there are none."""
        return {
            "scope": self.scope.to_dict() if self.scope else None,
            "rules": judge(self.rules, report) if self.rules else None,
        }

    def save(self, folder: Path, report: dict[str, Any]) -> None:
        """Writes both files as they were, and ``junit.xml``, into the folder of the audit; those of other terms go."""
        for name, part in ((SCOPE, self.scope), (RULES, self.rules)):
            if part is None:
                (folder / name).unlink(missing_ok=True)
            else:
                write_atomically(folder / name, part.written.data)
        if report["rules"] is None:
            (folder / JUNIT).unlink(missing_ok=True)
        else:
            write_atomically(folder / JUNIT, to_junit(report["rules"]))


NO_CONTRACT = Contract()


def read_contract(scope: Path | None, rules: Path | None, sheets: str | None = None) -> Contract:
    """The terms in these files; ``sheets`` are numbers of rows, separated by commas.

    Raises:
        InputError: if one cannot be read or is not as it should be.
    """
    written = [part.strip() for part in (sheets or "").split(",") if part.strip()]
    if not all(part.isdecimal() for part in written):
        raise InputError("The rows of sheets must be numbers separated by commas, not {sheets}.", sheets=sheets)
    numbers = tuple(dict.fromkeys(int(part) for part in written))
    return Contract(read_scope(scope) if scope else None, read_rules(rules) if rules else None, numbers)


def stored_contract(folder: Path) -> Contract:
    """The terms that lie in the folder of an audit.

    Raises:
        InputError: if one is not as it should be.
    """
    scope, rules = (folder / name if (folder / name).is_file() else None for name in (SCOPE, RULES))
    sheets = folder / SHEETS
    return read_contract(scope, rules, read_bytes(sheets, JSON_BYTES).decode() if sheets.is_file() else None)
