"""What a search found, and how a second look at it changes the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vtviz.models.base import ScoreKind
from vtviz.models.verdict import Verdict
from vtviz.tasks.search.entry import Near
from vtviz.tasks.search.picture import differing

LOOKS_ALIKE = 6  # places of 64 in which nearly equal pictures may differ
CLOSE = 0.9  # cosine that nearly equal pictures have at least

Outcome = Literal["matches", "not sure", "nothing"]


@dataclass(frozen=True)
class Hit:
    """A photo that was found: its path from the indexed folder, and its ``score``, by which the hits are ordered: the
    ``match`` where the fusion model has looked at it, else the similarity. ``verdict`` is what the model says of the
    match; ``also`` are nearly equal photos, best first, that it stands for."""

    photo: str
    sha256: str
    width: int
    height: int
    taken: float
    similarity: float
    match: float | None = None
    verdict: Verdict | None = None
    also: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        return self.similarity if self.match is None else self.match


@dataclass(frozen=True)
class Found:
    """The hits of a search, best first, among ``searched`` photos. ``unknown`` are words of the query that the model
    does not know, and ``foreign`` says that it does not read the query's language. ``score_kind`` is that of the
    matches."""

    hits: tuple[Hit, ...]
    searched: int
    unknown: tuple[str, ...] = ()
    foreign: bool = False
    score_kind: ScoreKind = "probability"

    @property
    def outcome(self) -> Outcome | None:
        """Whether anything matches, as far as the fusion model has looked; None where it gives no verdict."""
        verdicts = [hit.verdict for hit in self.hits if hit.match is not None]
        if not verdicts or None in verdicts:
            return None
        return "matches" if "describes" in verdicts else "not sure" if "not sure" in verdicts else "nothing"


@dataclass(frozen=True)
class Matched:
    """The match of a text with photos, and the verdict on each, None where the model gives none; ``score_kind`` is that
    of the model."""

    photos: tuple[str, ...]
    scores: tuple[float, ...]
    verdicts: tuple[Verdict | None, ...]
    score_kind: ScoreKind = "probability"


def reranked(found: Found, matched: Matched) -> Found:
    """The hits with what the fusion model says of some: those come first, ordered by their match."""
    said = dict(zip(matched.photos, zip(matched.scores, matched.verdicts, strict=True), strict=True))
    hits = [
        replace(hit, match=said[hit.photo][0], verdict=said[hit.photo][1]) if hit.photo in said else hit
        for hit in found.hits
    ]
    ordered = tuple(sorted(hits, key=lambda hit: (hit.match is None, -hit.score)))
    return replace(found, hits=ordered, score_kind=matched.score_kind)


def grouped(near: Sequence[Near], top: int) -> list[tuple[Near, tuple[str, ...]]]:
    """The first ``top`` photos that do not nearly equal one before them, each with the paths of those that do."""
    groups: list[tuple[Near, list[str]]] = []
    for item in near:
        group = next((group for group in groups if _alike(group[0], item)), None)
        if group is not None:
            group[1].append(item.entry.path)
        elif len(groups) < top:
            groups.append((item, []))
    return [(item, tuple(also)) for item, also in groups]


def _alike(first: Near, second: Near) -> bool:
    if first.entry.sha256 == second.entry.sha256:
        return True
    alike = differing(first.entry.look, second.entry.look) <= LOOKS_ALIKE
    return alike and float(first.vector @ second.vector) >= CLOSE
