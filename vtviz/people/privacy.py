"""What vtviz keeps, where, for how long, and who sees it: one list, which the Privacy page shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    """One kind of thing that is kept. ``name`` is the key of its sentences in the catalogue; ``files`` are the patterns
    of its files in the data folder, none where it stays in memory."""

    name: str
    files: tuple[str, ...] = ()


KEPT = (
    Kept("photos"),
    Kept("texts"),
    Kept("answers"),
    Kept("cookie"),
    Kept("uploads", ("uploads/*",)),
    Kept(
        "jobs",
        ("*.sqlite", "*.sqlite-journal", "audits/*", "evaluations/*", "trainings/*", "questions/*", "policies/*"),
    ),
    Kept("stories", ("stories/*",)),
    Kept("stores", ("stores/*", "indexes/*")),
    Kept("rulings", ("policy-log.jsonl",)),
    Kept("locks", ("alive/*.lock",)),
    Kept("people", ("people.json",)),
)
