"""Figures as JSON and as a Markdown table."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import psutil
import torch

from benchmarks.measure import Figure, with_version
from vtviz.machine import device_label, versions

PEERS = ("captum", "torchcam", "grad-cam", "legrad_torch", "quantus", "open_clip_torch", "streamlit")


def machine() -> dict[str, Any]:
    """Where the figures come from: processor, cores, memory, load, and versions."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "device": device_label(device),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "load_average": round(psutil.getloadavg()[0], 1),
        "versions": versions(),
        "peers": [text for text in map(with_version, PEERS) if " " in text],
    }


def as_json(figures: Sequence[Figure], about: dict[str, Any]) -> str:
    """Everything, for programs."""
    return json.dumps({"machine": about, "figures": [asdict(figure) for figure in figures]}, indent=2) + "\n"


def as_markdown(figures: Sequence[Figure], about: dict[str, Any], command: str) -> str:
    """A table for each part, below a line about the machine and the command that made it."""
    packages = ", ".join([f"{name} {version}" for name, version in about["versions"].items()])
    lines = [
        f"`{command}` on {about['processor']}, {about['device']}, {about['memory_gb']} GB, {about['system']}; load "
        f"average {about['load_average']} at the end. Medians of rounds taken in turn.",
        "",
        f"Versions: {packages}; {', '.join(about['peers'])}.",
    ]
    for part, rows in groupby(figures, key=lambda figure: figure.part):
        lines += ["", f"### {part}", "", "| what | value | rounds | note |", "| --- | ---: | ---: | --- |"]
        lines += [_row(figure) for figure in rows]
    return "\n".join(lines) + "\n"


def _row(figure: Figure) -> str:
    value = "–" if figure.value is None else f"{_shown(figure.value)} {figure.unit}".strip()
    rounds = "" if figure.value is None else str(figure.rounds)
    cells = (figure.what, value, rounds, figure.note)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _processor() -> str:
    """The processor's own name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown processor")
