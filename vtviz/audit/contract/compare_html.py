"""The comparison of two audits for people, and its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from vtviz.audit.report.model import FIGURES
from vtviz.files import write_atomically
from vtviz.metrics.registry import metrics
from vtviz.render.report import render
from vtviz.sentences import catalogue, translated

TEMPLATE = "comparison.html.j2"


def write_comparison(folder: Path, comparison: dict[str, Any], language: str = "en") -> Path:
    """Writes ``comparison.json`` and ``comparison.html`` into a folder; returns the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    data = orjson.dumps(comparison, option=orjson.OPT_INDENT_2)
    write_atomically(folder / "comparison.json", data)
    write_atomically(folder / "comparison.html", comparison_html(comparison, language).encode())
    return folder / "comparison.html"


def comparison_html(comparison: dict[str, Any], language: str = "en") -> str:
    """The comparison as HTML in a language. All texts from outside are escaped."""
    sentences = catalogue(language)

    def method_name(name: str) -> str:
        return sentences.get(f"method.{name}", name)

    names: dict[str, Callable[[str], str]] = {
        "methods": method_name,
        "metrics": lambda name: figure_name(name, sentences),
        "models": str,
    }

    return render(
        TEMPLATE,
        r=comparison,
        language=language,
        several=len(comparison["models"]) > 1,
        c=lambda key, **values: sentences[f"contract.{key}"].format(**values),
        t=lambda key, **values: sentences[f"audit.{key}"].format(**values),
        method=lambda name: method_name(name) if name else sentences["contract.gaps.model"],
        figure_name=lambda name: figure_name(name, sentences),
        named=lambda item: figure_title(item, sentences),
        listed=lambda kind, found: ", ".join(map(names[kind], found)),
        reason=lambda written: translated(written, language),
        number=lambda value: "–" if value is None else f"{value:.3f}".replace("-", "−"),
        short=_short,
    )


def figure_name(name: str, sentences: Mapping[str, str]) -> str:
    """What a metric of explanations or a figure of the model is called."""
    if name in FIGURES:
        return sentences[f"contract.figure.{name}"]
    known = metrics().get(name)
    return sentences.get(f"audit.metric.{name}", known.label if known else name)


def figure_title(item: Mapping[str, Any], sentences: Mapping[str, str]) -> str:
    """What a figure of a comparison is called, of whatever kind."""
    name = item["metric"]
    kinds = {"gap": "compare.gap", "planted": f"compare.planted.{name}", "people": f"compare.{name}"}
    if not item["kind"]:
        return figure_name(name, sentences)
    return sentences[f"contract.{kinds[item['kind']]}"].format(metric=figure_name(name, sentences))


def _short(value: Any) -> str:
    """A value in a table, such as the sha256 of a file."""
    written = "–" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return written if len(written) <= 64 else written[:64] + "…"
