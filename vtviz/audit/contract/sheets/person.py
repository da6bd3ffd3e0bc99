"""One page for a person concerned by a decision: what the model said of a photo and a text, and why."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vtviz.audit.contract.sheets.decision import Decide, Decision
from vtviz.audit.requests import About, DrawCase
from vtviz.audit.settings import Settings
from vtviz.files import write_atomically
from vtviz.inputs import InputError
from vtviz.jobs.door import Door
from vtviz.manifests.read import Row
from vtviz.models.base import ModelError
from vtviz.render.report import data_address, render
from vtviz.sentences import catalogue
from vtviz.watch import Watch

FOLDER = "sheets"


def check_sheets(rows: Sequence[Row], numbers: Sequence[int]) -> list[Row]:
    """The rows of these numbers. Raises InputError where one is not in the manifest."""
    by_number = {row.number: row for row in rows}
    for number in numbers:
        if number not in by_number:
            raise InputError(
                "There is no row {number} in the manifest; its last row is {last}.", number=number, last=len(rows)
            )
    return [by_number[number] for number in numbers]


def write_sheets(
    folder: Path,
    rows: Sequence[Row],
    settings: Settings,
    model: About,
    summary: dict[str, Any],
    door: Door,
    watch: Watch,
    language: str,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Writes ``sheets/row-N.html`` for each row, by the first model and its first method; returns what they say, and
    the rows that have none, each with the reason.

    Raises:
        Cancelled: if the watch says so.
    """
    for old in (folder / FOLDER).glob("row-*.html"):
        old.unlink()
    result, missing, method = [], [], model.methods[0]
    for row in rows:
        try:
            image = row.photo()
            decision = door(Decide(model.name, method, image, row.text, settings.fill, settings.steps), watch.quietly())
            picture = door(DrawCase(model.name, method, image, row.text), watch.quietly())
        except (InputError, ModelError) as error:  # one row must not cost the report of the others
            logging.getLogger("vtviz").warning("row %d has no sheet: %s", row.number, error)
            missing.append({"row": row.number, "reason": str(error)})
            continue
        (folder / FOLDER).mkdir(exist_ok=True)
        page = sheet_html(row, decision, picture, model.name, method, summary, language)
        write_atomically(folder / FOLDER / f"row-{row.number}.html", page.encode())
        result.append({"row": row.number, "model": model.name, "method": method, **asdict(decision)})
    return result, missing


def sheet_html(
    row: Row, decision: Decision, picture: bytes, model: str, method: str, summary: dict[str, Any], language: str = "en"
) -> str:
    """The page of one row as HTML in a language; ``picture`` is a JPEG of the photo and its heatmap."""
    sentences = catalogue(language)
    own = summary["model"].get(model, {}).get("all", {})
    return render(
        "sheet.html.j2",
        language=language,
        c=lambda key, **values: sentences[f"contract.sheet.{key}"].format(**values),
        row=row,
        d=decision,
        picture=data_address(picture),
        model=model,
        method=sentences.get(f"method.{method}", method),
        accuracy=own.get("accuracy"),
        percent=lambda value: f"{100 * value:.0f}%",
        number=lambda value: f"{value:.2f}".replace("-", "−"),
        joined=lambda words: ("、" if language == "zh" else ", ").join(f"“{word}”" for word in words),
    )
