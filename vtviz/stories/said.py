"""Changes in words."""

from __future__ import annotations

from collections.abc import Sequence

from vtviz.inputs import Tokens
from vtviz.interventions.changes import Change, Cut, Drop, Move, Push, Without
from vtviz.sentences import catalogue


def changes_said(changes: Sequence[Change], tokens: Tokens, language: str) -> tuple[str, ...]:
    """A sentence per change of a text, in a language; layers and heads count from 1, as people see them."""
    sentences = catalogue(language)
    return tuple(_said(change, tokens, sentences) for change in changes)


def _said(change: Change, tokens: Tokens, sentences: dict[str, str]) -> str:
    name = type(change).__name__.lower()
    if isinstance(change, Move) and not change.copy:
        name = "move_away"
    values: dict[str, object] = {}
    if isinstance(change, Drop | Cut | Push):
        words = tokens.words
        values["word"] = words[change.place].text if 0 <= change.place < len(words) else change.place
    if isinstance(change, Push):
        values["strength"] = f"{change.strength:.0%}"
    if isinstance(change, Without):
        name += "" if change.layer is None else "_layer" if change.head is None else "_head"
        layer, head = (0 if number is None else number + 1 for number in (change.layer, change.head))
        values.update(kind=sentences[f"story.kind_{change.kind.replace('→', '_')}"], layer=layer, head=head)
    return sentences[f"story.change_{name}"].format(**values)
