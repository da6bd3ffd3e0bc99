"""What a training leaves in its folder for those who watch it: ``run.json``, the history as CSV, TensorBoard's logs."""

from __future__ import annotations

import csv
import io
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from vtviz.evaluation.split import Row
from vtviz.files import is_number, is_text, make_folder, write_atomically
from vtviz.inputs import InputError
from vtviz.watch import Cancelled

State = Literal["running", "finished", "stopped", "failed"]
RUN, HISTORY, TABLE = "run.json", "history.jsonl", "history.csv"
STAGES = ("fusion", "heads", "grounding")  # of vtviz-base; each has a folder, with a history of its own
EXAMPLES = 4  # dev photos whose heatmaps are compared between snapshots
OWN = ("checkpoint.pt", RUN, HISTORY, TABLE, "snapshots", "tensorboard", *STAGES)  # what a new training replaces


class Tell(Protocol):
    """Writes what is new to ``run.json``."""

    def __call__(self, state: State, **more: Any) -> None: ...


@contextmanager
def followed(folder: Path, run: dict[str, Any], resume: bool) -> Iterator[Tell]:
    """Keeps ``run.json`` true while a training goes on in a folder: its state, how long it took, and what it is told.

    Args:
        folder: of the training; what an earlier one left there goes, unless it is resumed.
        run: what is known in the beginning, with its ``settings``.
        resume: go on with the training in the folder, if there is one.

    Raises:
        InputError: if that one was started with other settings, or its ``run.json`` is damaged.
    """
    make_folder(folder)
    before = read_run(folder) if resume else {}
    if resume:
        _same_settings(folder, before, run["settings"])
    if not resume:
        clear(folder)
    run, began = {**run, **before}, time.monotonic()
    spent = float(run.get("seconds", 0.0))

    def tell(state: State, **more: Any) -> None:
        run.update(more, state=state, seconds=spent + time.monotonic() - began)
        write_run(folder, run)

    try:
        tell("running")
        yield tell
        tell("finished")
    except Cancelled:
        tell("stopped")
        raise
    except BaseException as error:
        tell("failed", error=str(error))
        raise


def _same_settings(folder: Path, before: dict[str, Any], settings: dict[str, Any]) -> None:
    changed = [name for name, value in settings.items() if before and before.get("settings", {}).get(name) != value]
    if changed:
        raise InputError(
            "The training in {folder} was started with another {setting}; use the same, or train without --resume.",
            folder=folder.name,
            setting=", ".join(changed),
        )


def clear(folder: Path) -> None:
    """Removes what an earlier training left in a folder, but for its model."""
    for name in OWN:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def write_run(folder: Path, run: dict[str, Any]) -> None:
    """Writes ``run.json``: network, data, settings, seed, state, examples, best figures, seconds."""
    write_atomically(folder / RUN, (json.dumps(run, indent=2, ensure_ascii=False) + "\n").encode())


def read_run(folder: Path) -> dict[str, Any]:
    """What ``run.json`` says; empty where there is none.

    Raises:
        InputError: if it is damaged.
    """
    path = folder / RUN
    if not path.is_file():
        return {}
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        if not _is_run(run):
            raise ValueError("not a run")
        json.dumps(run, ensure_ascii=False).encode()  # which half of a character keeps from being written again
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("The file {name} in {folder} is damaged.", name=RUN, folder=folder.name) from error
    return dict(run)


def _is_run(value: Any) -> bool:
    """Whether a value can be what ``write_run`` wrote, as far as anything is done with it."""
    if not isinstance(value, dict):
        return False
    settings, photos = value.get("settings", {}), value.get("photos", {})
    examples, told = value.get("examples", []), [value.get(name, []) for name in ("refused", "notes")]
    return (
        isinstance(settings, dict)
        and is_number(settings.get("epochs", 0))
        and isinstance(settings.get("losses", []), list)
        and is_number(value.get("seconds", 0))
        and isinstance(photos, dict)
        and is_text(value.get("images", ""))
        and all(_are_figures(value.get(name, {})) for name in ("best", "figures"))
        and all(isinstance(texts, list) and all(map(is_text, texts)) for texts in told)
        and isinstance(examples, list)
        and all(map(_is_example, examples))
    )


def _are_figures(value: Any) -> bool:
    """Whether a value holds numbers by name; one may be NaN, where a training came to nothing."""
    return isinstance(value, dict) and all(
        is_text(name) and (isinstance(item, float) or is_number(item)) for name, item in value.items()
    )


def _is_example(value: Any) -> bool:
    if not isinstance(value, dict) or not is_text(value.get("image")) or not is_text(value.get("text")):
        return False
    phrases = value.get("phrases")
    return isinstance(phrases, list) and all(
        isinstance(item, dict) and all(isinstance(item.get(edge), int) for edge in ("start", "end")) for item in phrases
    )


def examples_of(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Four dev photos at most, spread over the split, each with a caption and the boxed phrases in it."""
    count = min(EXAMPLES, len(rows))
    chosen = [rows[index * len(rows) // count] for index in range(count)]
    return [
        {
            "image": row["image"],
            "text": row["captions"][0],
            "phrases": [phrase for phrase in row["phrases"] if phrase["caption"] == 0],
        }
        for row in chosen
    ]


def read_history(folder: Path) -> list[dict[str, float]]:
    """The rows of ``history.jsonl``; one that is damaged, or the last where it is only half written, is left out."""
    path = folder / HISTORY
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.is_file() else []
    return [row for line in lines if (row := _history_row(line)) is not None]


def _history_row(line: str) -> dict[str, float] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if _are_figures(row) and isinstance(row.get("step"), int) else None


def read_histories(folder: Path) -> dict[str, list[dict[str, float]]]:
    """The history of every stage that has begun; a training in one piece has one, called ``training``."""
    stages = {stage: rows for stage in STAGES if (rows := read_history(folder / stage))}
    return stages or {"training": read_history(folder)}


def forget_after(folder: Path, step: int) -> None:
    """Takes the rows of later steps out of the history: those steps are taken again."""
    rows = read_history(folder)
    if rows:
        kept = "".join(f"{json.dumps(row)}\n" for row in rows if row["step"] <= step)
        write_atomically(folder / HISTORY, kept.encode())


def write_table(folder: Path) -> None:
    """Writes the history as CSV, a column for each figure."""
    rows = read_history(folder)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(folder / TABLE, buffer.getvalue().encode())


def tensorboard_log(folder: Path) -> Callable[[dict[str, float]], None]:
    """Writes rows of the history as TensorBoard's scalars.

    Raises:
        InputError: if TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError(
            "--tensorboard needs the package tensorboard; install it, or leave the option out: history.csv has the "
            "same figures."
        ) from error
    writer: Any = SummaryWriter(str(folder / "tensorboard"))

    def log(row: dict[str, float]) -> None:
        for name, value in row.items():
            if name != "step":
                writer.add_scalar(name.replace(" ", "/", 1), value, int(row["step"]))
        writer.flush()

    return log
