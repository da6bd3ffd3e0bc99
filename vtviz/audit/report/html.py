"""``report.html``: the report for people, in one file that loads nothing from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from markupsafe import Markup

from vtviz.audit.contract.scope import FIELDS as SCOPE_FIELDS
from vtviz.audit.report.best_and_worst import PICTURES
from vtviz.audit.report.gaps import FEWEST
from vtviz.audit.report.headline import Headline, headlines, pictured, rejected
from vtviz.audit.report.model import FIGURES
from vtviz.audit.report.verdict import verdicts
from vtviz.audit.settings import RANDOM
from vtviz.files import write_atomically
from vtviz.metrics.registry import FAMILIES
from vtviz.render.report import data_address, render
from vtviz.sentences import catalogue, translated

TEMPLATE = "report.html.j2"
ACROSS = 5  # columns of figures side by side, so that a page of paper holds them


def write_html(folder: Path, language: str = "en") -> Path:
    """Writes ``report.html`` beside the ``report.json`` of a folder, with the pictures of its cases inside."""
    report = orjson.loads((folder / "report.json").read_bytes())
    pictures = {file.name: file.read_bytes() for file in sorted((folder / PICTURES).glob("*.jpg"))}
    write_atomically(folder / "report.html", to_html(report, pictures, language).encode())
    return folder / "report.html"


def to_html(report: dict[str, Any], pictures: dict[str, bytes], language: str = "en") -> str:
    """The report as HTML in a language; ``pictures`` are JPEG files by name. All texts from outside are escaped."""
    sentences = catalogue(language)

    def say(key: str, **values: object) -> str:
        return sentences[f"audit.{key}"].format(**values)

    def contract(key: str, **values: object) -> str:
        return sentences[f"contract.{key}"].format(**values)

    def figure_name(name: str) -> str:
        """Of a metric of explanations or a figure of the model."""
        key = f"contract.figure.{name}"
        return sentences[key] if name in FIGURES else label("audit.metric", name, report["metrics"][name]["label"])

    def label(kind: str, name: str, otherwise: str) -> str:
        return sentences.get(f"{kind}.{name}", otherwise)

    def picture(name: str) -> Markup:
        return data_address(pictures[name]) if pictures.get(name) else Markup("")

    def planted(key: str, **values: object) -> str:
        return sentences[f"planted.{key}"].format(**values)

    def found(model: str, method: str, part: str) -> dict[str, Any] | None:
        """How often a planted cause was found, for sentences."""
        rate = report["summary"].get("planted", {}).get(model, {}).get("methods", {}).get(method, {}).get(part)
        return rate and shares(rate)

    def headline(item: Headline) -> str:
        values = {name: _number(v, 2) if isinstance(v, float) else v for name, v in item.values.items()}
        return contract(item.key, **values)

    shown = [
        {"model": model["name"], "method": method, "name": _method(report, label, say, method)}
        for model in report["models"]
        for method in model["methods"]
    ]
    return render(
        TEMPLATE,
        r=report,
        s=report["summary"],
        t=say,
        c=contract,
        planted=planted,
        people=lambda key, **values: sentences[f"people.{key}"].format(**values),
        people_verdict=helped,
        shares=shares,
        found_planted=found,
        headlines=headlines(report),
        headline=headline,
        rejected=rejected(report),
        pictured=pictured(report),
        scope_fields=SCOPE_FIELDS,
        model_figures=FIGURES,
        fewest=FEWEST,
        across=ACROSS,
        figure_name=figure_name,
        sizes=lambda photos: ", ".join(f"{name} {count}" for name, count in photos.items()),
        language=language,
        shown=shown,
        several=len(report["models"]) > 1,
        families=[f for f in FAMILIES if any(m["family"] == f for m in report["metrics"].values())],
        verdicts={(item["model"], item["method"]): verdicts(report, item["model"], item["method"]) for item in shown},
        metric=lambda name: label("audit.metric", name, report["metrics"][name]["label"]),
        method=lambda name: _method(report, label, say, name),
        compared=lambda by: " − ".join(label("audit.metric", name, name) for name in by.split(" − ")),
        about=lambda name: label("audit.metric", f"{name}.about", ""),
        reason=lambda written: translated(written, language),
        picture=picture,
        number=_number,
        RANDOM=RANDOM,
        span=lambda name, model: _span(report, name, model),
    )


def shares(rate: dict[str, Any]) -> dict[str, str]:
    """A rate with its interval in per cent, for sentences."""
    names = [name for name in ("mean", "low", "high", "chance") if name in rate]
    return {"n": str(rate["n"]), **{name: f"{rate[name]:.0%}".replace("-", "−") for name in names}}


def helped(difference: dict[str, Any]) -> str:
    """Whether people are helped by maps, misled, or neither can be told."""
    return "helps" if difference["low"] > 0 else "misleads" if difference["high"] < 0 else "unsure"


def _method(report: dict[str, Any], label: Any, say: Any, name: str) -> str:
    return say("random") if name == RANDOM else label("method", name, report["methods"][name]["label"])


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _span(report: dict[str, Any], name: str, model: str) -> tuple[float, float]:
    """The range of a metric's intervals over the methods, with a margin, for drawing them."""
    result = [item[name] for item in report["summary"]["metrics"][model].values() if name in item]
    low, high = min((item["low"] for item in result), default=0.0), max((item["high"] for item in result), default=1.0)
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin
