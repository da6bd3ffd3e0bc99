"""An audit on one and on two workers of Ray: ``python -m benchmarks.server.side_by_side MANIFEST --rows 32``.

Measures the same rows in this process, on one worker, on two, and on two of which one is killed in the middle, each
with one thread. Prints rows per second from the first row that is done to the last, and with the start of the workers,
and whether all figures are the same.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import torch
import typer

from vtviz.audit.audit import run_audit
from vtviz.audit.settings import Settings
from vtviz.engine.local import LocalEngine
from vtviz.manifests.read import read_manifest
from vtviz.serve.ray.cluster import cluster
from vtviz.serve.ray.many import RayMany
from vtviz.watch import Progress, Watch

WORKER = "ray::MapWorker"  # how Ray calls the processes of an actor pool


def kill_one() -> int:
    """Ends one worker of Ray Data that this process began; its id."""
    own = psutil.Process().children(recursive=True)
    workers = [each.pid for each in own if each.cmdline() and each.cmdline()[0].startswith(WORKER)]
    os.kill(workers[-1], signal.SIGKILL)
    return workers[-1]


def measured(rows: Any, settings: Settings, engine: LocalEngine, many: RayMany | None, kill: bool) -> dict[str, Any]:
    """The summary of an audit, and how fast its rows were."""
    ends, began, killed = list[float](), time.monotonic(), list[int]()

    def hear(now: Progress) -> None:
        if now.stage == "rows":
            ends.append(time.monotonic())
            if kill and now.done == len(rows.rows) // 2 and not killed:
                killed.append(kill_one())

    with tempfile.TemporaryDirectory() as folder:
        report = run_audit(rows, settings, Path(folder), engine.ask, Watch(hear), many=many)
    warm = ends[len(ends) // 5 :]
    return {
        "summary": report["summary"],
        "rows_per_s": round((len(warm) - 1) / (warm[-1] - warm[0]), 3),
        "with_start_s": round(ends[-1] - began, 1),
        "killed": len(killed),
    }


def main(manifest: Path, rows: int = 32, rounds: int = 1, steps: int = 8) -> None:
    """Prints one JSON object."""
    torch.set_num_threads(1)
    read = read_manifest(manifest, rows)
    settings = Settings(metrics=("insertion", "deletion"), steps=steps, probes=0)
    runs: dict[str, list[dict[str, Any]]] = {}
    with closing(LocalEngine("cpu")) as engine, cluster():
        for _ in range(rounds):
            runs.setdefault("here", []).append(measured(read, settings, engine, None, False))
            for workers in (1, 2):
                found = measured(read, settings, engine, RayMany("cpu", workers), False)
                runs.setdefault(f"{workers} on Ray", []).append(found)
        runs["2 on Ray, one killed"] = [measured(read, settings, engine, RayMany("cpu", 2), True)]
    first = runs["here"][0]["summary"]
    speed = {name: statistics.median(each["rows_per_s"] for each in found) for name, found in runs.items()}
    result = {
        "rows": len(read.rows),
        "rows_per_s": speed,
        "two_over_one": round(speed["2 on Ray"] / speed["1 on Ray"], 2),
        "with_start_s": {name: [each["with_start_s"] for each in found] for name, found in runs.items()},
        "killed": runs["2 on Ray, one killed"][0]["killed"],
        "same_figures": {name: all(each["summary"] == first for each in found) for name, found in runs.items()},
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    typer.run(main)
