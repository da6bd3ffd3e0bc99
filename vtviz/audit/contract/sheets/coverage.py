"""Which questions of laws and frameworks a report answers, and which it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from vtviz.audit.contract.rules import FEWEST
from vtviz.render.report import render
from vtviz.sentences import catalogue

Status = Literal["covered", "partly", "not_covered"]
Report = dict[str, Any]


def _scope(*fields: str) -> Callable[[Report], bool]:
    return lambda report: all(name in ((report.get("scope") or {}).get("fields") or {}) for name in fields)


def _figure(name: str) -> Callable[[Report], bool]:
    def measured(report: Report) -> bool:
        found = [item["all"] for item in report["summary"].get("model", {}).values()]
        return any(item.get(name) and item.get("photos", item["pairs"]) >= FEWEST for item in found)

    return measured


def _family(family: str) -> Callable[[Report], bool]:
    def measured(report: Report) -> bool:
        names = [name for name, about in report["metrics"].items() if about["family"] == family]
        methods = [values for model in report["summary"]["metrics"].values() for values in model.values()]
        found = [values[name] for values in methods for name in names if name in values]
        return any(item.get("photos", item["n"]) >= FEWEST for item in found)

    return measured


PRESENT: dict[str, Callable[[Report], bool]] = {  # a part of a report, and whether this one has it
    "provider": _scope("provider", "system"),
    "version": _scope("version"),
    "purpose": _scope("purpose"),
    "users": _scope("users"),
    "misuse": _scope("misuse"),
    "responsible": _scope("responsible"),
    "accuracy": _figure("accuracy"),
    "both": _figure("auc"),
    "calibration": _figure("ece"),
    "groups": lambda report: bool(report["summary"].get("gaps")),
    "faithfulness": _family("faithfulness"),
    "localisation": _family("localisation"),
    "stability": _family("stability"),
    "sanity": lambda report: any(
        found for methods in report["summary"].get("sanity", {}).values() for found in methods.values()
    ),
    "rules": lambda report: any(
        o["verdict"] != "not_measured" for o in (report.get("rules") or {}).get("outcomes", ())
    ),
    "sheets": lambda report: bool(report.get("sheets")),
    "planted": lambda report: bool(report["summary"].get("planted")),
    "people": lambda report: bool(report.get("people")),
    "sharpness": lambda report: "coverage" in report["metrics"],
    "software": lambda report: bool(report.get("versions")),
    "always": lambda report: True,
    "never": lambda report: False,
}


@dataclass(frozen=True)
class Item:
    """A question: where it stands, the parts of a report that answer it, and ``whole``, whether they answer all of
    it."""

    source: str
    place: str
    name: str
    needs: tuple[str, ...]
    whole: bool = True


ACT, NIST, CO12 = "act", "nist", "co12"
ITEMS = (
    Item(ACT, "Annex IV 1(a)", "iv_purpose", ("purpose", "provider", "version")),
    Item(ACT, "Annex IV 1(b)", "iv_interaction", ("never",)),
    Item(ACT, "Annex IV 1(c)", "iv_software", ("software",), False),
    Item(ACT, "Annex IV 1(d)", "iv_forms", ("never",)),
    Item(ACT, "Annex IV 1(e)", "iv_hardware", ("never",)),
    Item(ACT, "Annex IV 1(f)", "iv_product", ("never",)),
    Item(ACT, "Annex IV 1(g)", "iv_interface", ("never",)),
    Item(ACT, "Annex IV 1(h)", "iv_instructions", ("never",)),
    Item(ACT, "Annex IV 2(a)", "iv_development", ("never",)),
    Item(ACT, "Annex IV 2(b)", "iv_design", ("never",)),
    Item(ACT, "Annex IV 2(c)", "iv_architecture", ("never",)),
    Item(ACT, "Annex IV 2(d)", "iv_data", ("never",)),
    Item(ACT, "Annex IV 2(e)", "iv_oversight", ("never",)),
    Item(ACT, "Annex IV 2(f)", "iv_planned", ("never",)),
    Item(ACT, "Annex IV 2(g)", "iv_tests", ("accuracy", "both", "groups", "responsible"), False),
    Item(ACT, "Annex IV 2(h)", "iv_security", ("never",)),
    Item(ACT, "Annex IV 3", "iv_limits", ("accuracy", "groups", "misuse"), False),
    Item(ACT, "Annex IV 4", "iv_metrics", ("rules", "purpose"), False),
    Item(ACT, "Annex IV 5", "iv_risk", ("never",)),
    Item(ACT, "Annex IV 6", "iv_changes", ("version",), False),
    Item(ACT, "Annex IV 7", "iv_standards", ("never",)),
    Item(ACT, "Annex IV 8", "iv_declaration", ("never",)),
    Item(ACT, "Annex IV 9", "iv_market", ("never",)),
    Item(ACT, "Art. 13(1)", "a13_interpret", ("faithfulness", "sanity"), False),
    Item(ACT, "Art. 13(2)", "a13_instructions", ("never",)),
    Item(ACT, "Art. 13(3)(a)", "a13_provider", ("provider", "responsible"), False),
    Item(ACT, "Art. 13(3)(b)(i)", "a13_purpose", ("purpose",)),
    Item(ACT, "Art. 13(3)(b)(ii)", "a13_accuracy", ("accuracy", "both", "calibration"), False),
    Item(ACT, "Art. 13(3)(b)(iii)", "a13_misuse", ("misuse",)),
    Item(ACT, "Art. 13(3)(b)(iv)", "a13_explain", ("faithfulness", "sanity")),
    Item(ACT, "Art. 13(3)(b)(v)", "a13_groups", ("groups",)),
    Item(ACT, "Art. 13(3)(b)(vi)", "a13_data", ("never",)),
    Item(ACT, "Art. 13(3)(b)(vii)", "a13_output", ("always",), False),
    Item(ACT, "Art. 13(3)(c)", "a13_planned", ("never",)),
    Item(ACT, "Art. 13(3)(d)", "a13_oversight", ("never",)),
    Item(ACT, "Art. 13(3)(e)", "a13_resources", ("never",)),
    Item(ACT, "Art. 13(3)(f)", "a13_logs", ("never",)),
    Item(ACT, "Art. 14(1)", "a14_oversight", ("never",)),
    Item(ACT, "Art. 14(2)", "a14_risks", ("never",)),
    Item(ACT, "Art. 14(3)", "a14_measures", ("never",)),
    Item(ACT, "Art. 14(4)(a)", "a14_limits", ("accuracy", "groups", "misuse"), False),
    Item(ACT, "Art. 14(4)(b)", "a14_bias", ("people", "accuracy"), False),
    Item(ACT, "Art. 14(4)(c)", "a14_interpret", ("faithfulness", "sanity"), False),
    Item(ACT, "Art. 14(4)(d)–(e)", "a14_stop", ("never",)),
    Item(ACT, "Art. 14(5)", "a14_two", ("never",)),
    Item(ACT, "Art. 86", "a86", ("sheets", "faithfulness"), False),
    Item(NIST, "MEASURE 2.9", "n_explained", ("faithfulness", "sanity")),
    Item(NIST, "MEASURE 2.9", "n_validated", ("accuracy", "both", "rules"), False),
    Item(NIST, "MEASURE 2.9", "n_documented", ("purpose", "responsible", "always"), False),
    Item(NIST, "MEASURE 2.9", "n_context", ("purpose", "users", "groups"), False),
    Item(CO12, "Correctness", "c_correctness", ("faithfulness", "sanity")),
    Item(CO12, "Completeness", "c_completeness", ("faithfulness",)),
    Item(CO12, "Consistency", "c_consistency", ("always",), False),
    Item(CO12, "Continuity", "c_continuity", ("stability",)),
    Item(CO12, "Contrastivity", "c_contrastivity", ("sanity",)),
    Item(CO12, "Covariate complexity", "c_covariate", ("never",)),
    Item(CO12, "Compactness", "c_compactness", ("sharpness",)),
    Item(CO12, "Composition", "c_composition", ("never",)),
    Item(CO12, "Confidence", "c_confidence", ("calibration",), False),
    Item(CO12, "Context", "c_context", ("people",)),
    Item(CO12, "Coherence", "c_coherence", ("localisation",)),
    Item(CO12, "Controllability", "c_control", ("never",)),
)


def coverage(report: Report) -> list[tuple[Item, Status]]:
    """Every question and how far the report answers it."""
    return [(item, _status(item, report)) for item in ITEMS]


def _status(item: Item, report: Report) -> Status:
    met = [PRESENT[need](report) for need in item.needs]
    if not any(met):
        return "not_covered"
    return "covered" if all(met) and item.whole else "partly"


def coverage_html(report: Report, language: str = "en") -> str:
    """The table as HTML in a language."""
    sentences, items = catalogue(language), coverage(report)

    def parts(item: Item, there: bool) -> list[str]:
        return [
            sentences[f"contract.part.{need}"]
            for need in item.needs
            if need != "never" and PRESENT[need](report) is there
        ]

    return render(
        "coverage.html.j2",
        language=language,
        fewest=FEWEST,
        c=lambda key, **values: sentences[f"contract.{key}"].format(**values),
        sources=[(source, [(i, status) for i, status in items if i.source == source]) for source in (ACT, NIST, CO12)],
        found=lambda item: parts(item, True),
        lacking=lambda item: parts(item, False),
        counts={name: sum(status == name for _, status in items) for name in ("covered", "partly", "not_covered")},
    )
