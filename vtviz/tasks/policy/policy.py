"""A policy: rules about photos and the texts beside them, as a person writes them in YAML."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from vtviz.inputs import InputError, check_text
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.tasks.policy.nodes import LARGEST, Fields, Value, read_yaml

SCHEMA = "vtviz.policy/1"
MOST_RULES, MOST_PHRASES, MOST_LETTERS = 100, 50, 500

Action = Literal["block", "review", "allow"]
ACTIONS: tuple[Action, ...] = ("block", "review", "allow")
Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True)
class Rule:
    """One rule, which has a score for a photo and a text: the least of its sides that are given.

    ``photo``: how well the best of these phrases describes the photo. ``words``: 1 where the text has one of these
    words or phrases, else 0; a word that ends in ``*`` stands for all that begin with it. ``means``: how near the text
    is to the nearest of these phrases, by the model's text side. ``describes``: how well the text describes the
    photo.

    A rule with ``when`` "matches" fires from its ``threshold`` on; one with ``when`` "fails" fires below it, for what
    must be there. Then its ``action`` is taken and its ``message`` shown.

    Where a rule that "fails" speaks of the photo as well, its ``words`` and ``means`` are its condition: it asks only
    where the text has one of the words and is as near as the threshold, and its score is that of ``photo`` and
    ``describes`` alone.
    """

    name: str
    action: Action
    threshold: float
    message: str = ""
    photo: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    describes: bool = False
    when: Literal["matches", "fails"] = "matches"

    @property
    def needs_text(self) -> bool:
        """Whether it says nothing of a photo alone."""
        return bool(self.words or self.means or self.describes)

    @property
    def has_condition(self) -> bool:
        """Whether its words and meanings say when the photo is asked, and are no part of the score."""
        return self.when == "fails" and bool(self.photo or self.describes) and bool(self.words or self.means)

    def fires(self, score: float) -> bool:
        return score >= self.threshold if self.when == "matches" else score < self.threshold

    def margin(self, score: float) -> float:
        """How far a score is beyond the threshold; negative where the rule does not fire."""
        return score - self.threshold if self.when == "matches" else self.threshold - score


@dataclass(frozen=True)
class Policy:
    """Rules in the order in which they count: the first that fires decides, and ``otherwise`` where none does.

    Thresholds are those of one ``model``. ``sha256`` is that of the file.
    """

    name: str
    rules: tuple[Rule, ...]
    model: str = DEFAULT_MODEL
    otherwise: Action = "allow"
    sha256: str = ""

    def read_by_model(self, text: str) -> list[str]:
        """What the model has to read: the phrases, and a text where a rule compares it with them or the photo."""
        phrases = [phrase for rule in self.rules for phrase in (*rule.photo, *rule.means)]
        return [*phrases, *([text] if text and any(rule.means or rule.describes for rule in self.rules) else ())]


def read_policy(data: bytes, name: str) -> Policy:
    """The policy in the bytes of a YAML file, which errors call ``name``.

    Raises:
        InputError: if it is not a policy; it names the line.
    """
    fields = read_yaml(data, name).fields("schema", "name", "model", "otherwise", "rules")
    schema = fields.need("schema")
    if schema.text() != SCHEMA:
        raise schema.wrong("the schema must be {schema}", schema=SCHEMA)
    rules, names = list[Rule](), set[str]()
    for value in fields.need("rules").items(MOST_RULES):
        rule = _rule(value)
        if rule.name in names:
            raise value.wrong("two rules are called {rule}", rule=rule.name)
        names.add(rule.name)
        rules.append(rule)
    return Policy(
        _text(fields.need("name")),
        tuple(rules),
        fields.get("model", _text, DEFAULT_MODEL),
        fields.get("otherwise", _one_of(*ACTIONS), "allow"),
        hashlib.sha256(data).hexdigest(),
    )


def _rule(value: Value) -> Rule:
    fields = value.fields("name", "action", "threshold", "message", "photo", "words", "means", "describes", "when")
    rule = Rule(
        _text(fields.need("name")),
        _one_of(*ACTIONS)(fields.need("action")),
        fields.need("threshold").number(-1.0, 1.0),
        fields.get("message", _text, ""),
        fields.get("photo", _phrases, ()),
        fields.get("words", _words, ()),
        fields.get("means", _phrases, ()),
        fields.get("describes", Value.boolean, False),
        fields.get("when", _one_of("matches", "fails"), "matches"),
    )
    if not (rule.photo or rule.needs_text):
        raise value.wrong("the rule {rule} has none of photo, words, means and describes", rule=rule.name)
    return rule


def _text(value: Value) -> str:
    text = value.text().strip()
    if not 0 < len(text) <= MOST_LETTERS:
        raise value.wrong("a text of 1 to {most} characters is needed", most=MOST_LETTERS)
    return text


def _phrases(value: Value) -> tuple[str, ...]:
    """One phrase or a list of them, each something that can be read."""
    phrases = []
    for item in value.items(MOST_PHRASES, alone=True):
        try:
            phrases.append(check_text(_text(item)))
        except InputError as error:
            raise item.wrong("a phrase without words") from error
    return tuple(dict.fromkeys(phrases))


def _words(value: Value) -> tuple[str, ...]:
    words = _phrases(value)
    if any("*" in word.removesuffix("*") or word == "*" for word in words):
        raise value.wrong("* may only stand at the end of a word")
    return words


def _one_of(*choices: Any) -> Callable[[Value], Any]:
    def read(value: Value) -> Any:
        text = value.text()
        if text not in choices:
            raise value.wrong("this must be one of {choices}", choices=", ".join(choices))
        return cast(str, text)

    return read


__all__ = ["ACTIONS", "LARGEST", "SCHEMA", "Action", "Fields", "Policy", "Rule", "read_policy"]
