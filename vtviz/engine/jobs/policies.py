"""Policies on labelled rows, in the background."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtviz.engine.jobs.base import PhotoJobs
from vtviz.engine.jobs.lines import Lines
from vtviz.engine.requests.model import LoadModel
from vtviz.engine.requests.tasks.policy import ScoreRules
from vtviz.errors import UserError
from vtviz.files import is_number, is_text, read_photo
from vtviz.jobs.history import Entry
from vtviz.tasks.policy.check import Score
from vtviz.tasks.policy.policy import Policy, read_policy
from vtviz.tasks.policy.rows import read_rows
from vtviz.watch import Watch

if TYPE_CHECKING:
    from vtviz.tasks.policy.evaluate import RuleFigures

SCORES = "scores.jsonl"
STAGE = "rows"


@dataclass(frozen=True)
class Scored:
    """The rows that were scored: which rules ought to fire on each, and every rule's score, None where it needs a text
    and there is none; the rows that could not be, by number, each with its reason; and the sha256 of the weights."""

    wanted: tuple[frozenset[str], ...]
    scores: tuple[tuple[float | None, ...], ...]
    failed: dict[int, str]
    weights_sha256: str

    def figures(self, policy: Policy, precision: float) -> list[RuleFigures]:
        """The figures of each rule, with thresholds suggested for a precision."""
        from vtviz.tasks.policy.evaluate import evaluate_policy  # its import takes seconds

        rows = [
            [
                Score(rule.name, rule.action, rule.message, score, rule.threshold)
                for rule, score in zip(policy.rules, row, strict=True)
            ]
            for row in self.scores
        ]
        return evaluate_policy(policy, self.wanted, rows, precision)


class PolicyJobs(PhotoJobs):
    """Evaluates policies in a thread of its own and keeps their list."""

    kind = "policies"

    def start(self, name: str, written: str, manifest: Path) -> Entry:
        """Lists an evaluation of a policy, as it is ``written`` in YAML, and lets it wait for its turn.

        Raises:
            InputError: if the policy or the rows cannot be used.
        """
        self.need_room()
        policy = read_policy(written.encode(), name)
        rows = read_rows(manifest, {rule.name for rule in policy.rules})
        self.check_files(manifest, (row.image for row in rows))
        entry = self.history.add(name, manifest, json.dumps({"policy": written}, ensure_ascii=False))
        self.submit(entry, "en")
        return entry

    def scored(self, entry: Entry) -> Scored:
        """The rows scored so far."""
        wanted, scores, failed, weights = list[frozenset[str]](), list[tuple[float | None, ...]](), {}, ""
        for row in self._lines(entry.id).read():
            if is_text(row.get("weights_sha256")):
                weights = row["weights_sha256"]
            elif is_text(row.get("error")) and is_number(row.get("number")):
                failed[int(row["number"])] = row["error"]
            elif _is_scored(row, len(policy_of(entry).rules)):
                wanted.append(frozenset(row["rules"]))
                scores.append(tuple(row["scores"]))
        return Scored(tuple(wanted), tuple(scores), failed, weights)

    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Scores every row, or those that are left."""
        policy, lines = policy_of(entry), self._lines(entry.id)
        rows = read_rows(entry.manifest, {rule.name for rule in policy.rules})
        loaded = self._door(LoadModel(policy.model), watch.quietly())
        before = lines.read()
        if not before:
            lines.add({"weights_sha256": loaded.weights_sha256})
        done = {row.get("number") for row in before}
        left = [row for row in rows if row.number not in done]
        watch.enter(STAGE, len(rows), len(rows) - len(left))
        watch.check()
        for row in left:
            about: dict[str, Any] = {"number": row.number}
            try:
                image = read_photo(row.image, row.image.name)
                scores = self._door(ScoreRules(policy, image, row.text, policy.model), watch.quietly())
            except UserError as error:
                lines.add({**about, "error": str(error)})
                watch.advance(failed=1)
                continue
            lines.add({**about, "rules": sorted(row.rules), "scores": [score.score for score in scores]})
            watch.advance()

    def _lines(self, number: int) -> Lines:
        return Lines(self.history.folder_of(number) / SCORES)


def policy_of(entry: Entry) -> Policy:
    """The policy of an evaluation."""
    return read_policy(written_of(entry).encode(), entry.name)


def written_of(entry: Entry) -> str:
    """The policy of an evaluation, as it was written."""
    written: str = json.loads(entry.settings)["policy"]
    return written


def _is_scored(row: dict[str, Any], rules: int) -> bool:
    scores, names = row.get("scores"), row.get("rules")
    if not isinstance(scores, list) or not isinstance(names, list) or len(scores) != rules:
        return False
    return all(score is None or is_number(score) for score in scores) and all(is_text(name) for name in names)
