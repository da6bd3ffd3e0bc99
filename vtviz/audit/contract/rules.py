"""What an audit must show to be accepted: ``rules.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtviz.attribution.registry import find_method
from vtviz.audit.contract.toml import Written, read_toml
from vtviz.audit.report.model import FIGURES
from vtviz.audit.settings import LARGEST, Settings
from vtviz.files import is_number
from vtviz.inputs import InputError
from vtviz.manifests.read import Row
from vtviz.metrics.base import SHARE, Span
from vtviz.metrics.registry import find_metric

EVERY_GROUP = "*"
FEWEST = 10  # photos that a rule is judged by, where it names no other number
ANSWERS = ("right", "wrong")
BOUNDS = ("at_least", "at_most", "gap_at_most")
TEXTS = ("name", "metric", "model", "method", "group", "answers")
KEYS = (*TEXTS, *BOUNDS, "rows")


@dataclass(frozen=True)
class Rule:
    """One rule about a ``metric`` of explanations, or a figure of the model (``accuracy``, ``auc``, ``f1``, ``ece``).

    The lower end of the interval must be ``at_least`` a number, the upper end ``at_most`` one; or the upper end of the
    largest gap between groups must be ``gap_at_most``. ``model``, ``method`` and ``group`` are all where empty; a group
    of ``*`` is each group by itself. ``answers`` narrows explanations to rows answered ``right`` or ``wrong``. With
    fewer than ``rows`` photos it is not judged, and so not met.
    """

    metric: str
    name: str = ""
    model: str = ""
    method: str = ""
    group: str = ""
    answers: str = ""
    at_least: float | None = None
    at_most: float | None = None
    gap_at_most: float | None = None
    rows: int = FEWEST

    @property
    def of_model(self) -> bool:
        """Whether it is about the model itself."""
        return self.metric in FIGURES

    @property
    def span(self) -> Span | None:
        """The lowest and the highest value that its metric can have, None where there is no such bound."""
        return SHARE if self.of_model else find_metric(self.metric).span

    @property
    def bounds(self) -> list[tuple[str, float]]:
        """The bounds that it sets, by name."""
        return [(name, value) for name in BOUNDS if (value := getattr(self, name)) is not None]


@dataclass(frozen=True)
class Rules:
    """The rules of a file, and the file."""

    rules: tuple[Rule, ...]
    written: Written

    def check(self, settings: Settings, rows: Sequence[Row]) -> None:
        """Refuses rules that an audit of these rows with these settings could never judge.

        Raises:
            InputError: if a rule is about a metric, method, model or group that is not audited, or needs texts of both
                kinds where there are none.
        """
        labels, groups = {row.label != 0 for row in rows}, {row.group for row in rows} - {""}
        both = len(labels) == 2 or settings.wrong_texts > 0
        for number, rule in enumerate(self.rules, 1):
            audited = {
                "metric": (rule.metric, (*FIGURES, *settings.metrics)),
                "model": (rule.model, settings.models),
                "method": (rule.method, settings.methods or (rule.method,)),  # the model's own is known only later
                "group": (rule.group, (*groups, EVERY_GROUP)),
            }
            for kind, (value, known) in audited.items():
                if value and value not in known:
                    raise InputError(
                        "Rule {number} is about the {kind} {value}, which this audit does not measure; add it to the "
                        "audit or remove the rule.",
                        number=number,
                        kind=kind,
                        value=value,
                    )
            if rule.of_model and rule.metric != "accuracy" and not both:
                raise InputError(
                    "Rule {number} is about {metric}, which needs texts that do not describe their photo: give wrong "
                    "texts, or label 0 in the manifest.",
                    number=number,
                    metric=rule.metric,
                )
            if (rule.gap_at_most is not None and len(groups) < 2) or (rule.group == EVERY_GROUP and not groups):
                raise InputError(
                    "Rule {number} compares groups, but the manifest has {count}; add the column group or remove the "
                    "rule.",
                    number=number,
                    count=len(groups),
                )


def read_rules(path: Path) -> Rules:
    """The rules in a file, each a table ``[[rule]]``.

    Raises:
        InputError: if the file cannot be read or has no rules, or a rule is not as it should be; it names the rule.
    """
    values, written = read_toml(path)
    tables = values.get("rule")
    if not isinstance(tables, list) or not tables or set(values) != {"rule"}:
        raise InputError(
            "The file {file} must hold rules and nothing else, each as a table [[rule]]; correct it.", file=path.name
        )
    return Rules(tuple(_rule(number, table) for number, table in enumerate(tables, 1)), written)


def _rule(number: int, values: Any) -> Rule:
    if not isinstance(values, dict) or not set(values) <= set(KEYS):
        odd = sorted(set(values) - set(KEYS)) if isinstance(values, dict) else []
        raise InputError(
            "Rule {number} has the key {key}, which vtviz does not know; use {known}.",
            number=number,
            key=odd[0] if odd else "–",
            known=", ".join(KEYS),
        )
    for key, value in values.items():
        good = isinstance(value, str) if key in TEXTS else _is_limit(value)
        if not good or (key == "rows" and (not isinstance(value, int) or not 1 <= value <= LARGEST)):
            raise InputError("Rule {number}: the value of {key} is not valid; correct it.", number=number, key=key)
    rule = Rule(**{"metric": "", **values})
    _need_sense(number, rule)
    return rule


def _is_limit(value: Any) -> bool:
    return is_number(value) and abs(value) <= LARGEST  # no infinite one, and none that no float holds


def _need_sense(number: int, rule: Rule) -> None:
    """Raises InputError where a rule could not be judged on any audit."""
    if not rule.metric or not rule.bounds:
        raise InputError("Rule {number} needs a metric and a bound: at_least, at_most or gap_at_most.", number=number)
    if not rule.of_model:
        find_metric(rule.metric)
    _need_bounds(number, rule)
    if rule.method:
        find_method(rule.method)
    if rule.of_model and (rule.method or rule.answers):
        raise InputError(
            "Rule {number} is about the model, which has no method and no kind of answers; remove them.", number=number
        )
    if rule.answers and rule.answers not in ANSWERS:
        raise InputError("Rule {number}: answers must be right or wrong.", number=number)
    if rule.answers and rule.group:
        raise InputError("Rule {number} names a group and a kind of answers; make two rules of it.", number=number)
    if rule.gap_at_most is not None and (rule.group or rule.answers or (rule.of_model and rule.metric != "accuracy")):
        raise InputError(
            "Rule {number}: gap_at_most compares all groups, and of the model only the accuracy; remove the rest.",
            number=number,
        )


def _need_bounds(number: int, rule: Rule) -> None:
    """Raises InputError where a bound is met or missed whatever is measured."""
    if rule.at_least is not None and rule.at_most is not None and rule.at_least > rule.at_most:
        raise InputError(
            "Rule {number}: at_least is above at_most, so nothing could meet it; correct it.", number=number
        )
    low, high = rule.span or (-LARGEST, LARGEST)
    spans = {"at_least": (low, high), "at_most": (low, high), "gap_at_most": (0.0, high - low)}
    for name, limit in rule.bounds:
        lowest, highest = spans[name]
        if not lowest <= limit <= highest:
            raise InputError(
                "Rule {number}: {name} must lie between {low} and {high}, as {metric} does; correct it.",
                number=number,
                name=name,
                low=f"{lowest:g}",
                high=f"{highest:g}",
                metric=rule.metric,
            )
