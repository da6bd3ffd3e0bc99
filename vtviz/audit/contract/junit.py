"""The verdicts of rules as JUnit XML, which build servers show as tests."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

SIGNS = {"at_least": "≥", "at_most": "≤", "gap_at_most": "gap ≤"}


def title(outcome: dict[str, Any]) -> str:
    """One line that tells an outcome from the others: the rule's name, and what it is about."""
    about = f"{outcome['metric']} {SIGNS[outcome['bound']]} {outcome['limit']:g}"
    parts = [outcome["name"], about, outcome["group"] and f"group {outcome['group']}"]
    parts.append(outcome["answers"] and f"{outcome['answers']} answers")
    return " · ".join(filter(None, parts))


def said(outcome: dict[str, Any]) -> str:
    """What was found, in one line."""
    if outcome["value"] is None:
        return "not measured"
    ends = "–" if outcome["low"] is None else f"{outcome['low']:.4f} to {outcome['high']:.4f}"
    few = f"; {outcome['needed']} photos are needed" if outcome["rows"] < outcome["needed"] else ""
    if outcome["left_out"]:
        few += f"; too few photos to compare: {', '.join(outcome['left_out'])}"
    return f"{outcome['value']:.4f}, interval {ends}, photos: {outcome['rows']}{few}"


def to_junit(judged: dict[str, Any]) -> bytes:
    """A test suite with a case per outcome: failed bounds are failures, what was not measured is an error."""
    outcomes = judged["outcomes"]
    counts = {
        "tests": len(outcomes),
        "failures": sum(outcome["verdict"] == "failed" for outcome in outcomes),
        "errors": sum(outcome["verdict"] == "not_measured" for outcome in outcomes),
    }
    suites = ET.Element("testsuites")
    suite = ET.SubElement(suites, "testsuite", {"name": "vtviz audit", **{k: str(n) for k, n in counts.items()}})
    for outcome in outcomes:
        where = ".".join(filter(None, (outcome["model"], outcome["method"])))
        case = ET.SubElement(suite, "testcase", classname=_legal(where), name=_legal(title(outcome)))
        if outcome["verdict"] != "passed":
            kind = "failure" if outcome["verdict"] == "failed" else "error"
            ET.SubElement(case, kind, message=_legal(f"{title(outcome)}: {said(outcome)}"))
        else:
            ET.SubElement(case, "system-out").text = _legal(said(outcome))
    ET.indent(suites)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="utf-8") + b"\n"


def _legal(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return "".join(
        c for c in text if c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )
