"""What an audit measures, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from vtviz.attribution.masked import FILLS, Fill
from vtviz.attribution.registry import find_method
from vtviz.inputs import InputError
from vtviz.metrics.registry import DEFAULTS, find_metric
from vtviz.models.base import FusionModel
from vtviz.models.registry import DEFAULT_MODEL

MOST_STEPS = 1000
LARGEST = 2**31 - 1
MOST_WRONG = 20  # texts of other rows with each photo
MOST_PLANTED = 500  # causes of a kind
LATER: dict[str, Any] = {
    "wrong_texts": 0,
    "agreement": False,
    "planted": 0,
    "choices": False,
}  # settings that audits of earlier versions do not have, and their defaults
RANDOM = "random"  # stands beside the methods: a ranking drawn at random, the baseline of every figure


@dataclass(frozen=True)
class Settings:
    """The settings of an audit; equal settings, inputs and weights give equal figures.

    ``methods`` of each of ``models`` (its default method where empty); ``steps`` is how many parts a ranking is taken
    away in, and ``fill`` what stands in for patches. ``probes`` rows take part in the sanity checks and the statistics
    of attention heads. ``wrong_texts`` of other rows are scored with each photo, so that the model can be judged on
    pairs that do not belong together. ``agreement`` compares the maps of each pair of methods, at no cost in passes.
    ``planted`` causes of each kind are put into photos, texts and a copy of each model, and the methods have to find
    them. ``choices`` repeats insertion and deletion with every fill and with twice the steps.
    """

    models: tuple[str, ...] = (DEFAULT_MODEL,)
    methods: tuple[str, ...] = ()
    metrics: tuple[str, ...] = DEFAULTS
    fill: Fill = "blur"
    steps: int = 8
    seed: int = 0
    limit: int | None = None
    probes: int = 8
    wrong_texts: int = 0
    agreement: bool = False
    planted: int = 0
    choices: bool = False

    def __post_init__(self) -> None:
        for name in self.methods:
            find_method(name)
        for name in self.metrics:
            find_metric(name)
        if not self.models:
            raise InputError("An audit needs at least one model; choose one.")
        if not self.metrics:
            raise InputError("An audit needs at least one metric; choose one.")
        if self.fill not in FILLS:
            raise InputError(
                "There is no fill called {fill}; choose one of: {known}.", fill=self.fill, known=", ".join(FILLS)
            )
        if self.steps < 2:
            raise InputError("An audit needs at least two steps; raise the number.")
        if self.steps > MOST_STEPS:
            raise InputError("An audit takes at most {most} steps; lower the number.", most=MOST_STEPS)
        if self.wrong_texts > MOST_WRONG:
            raise InputError("An audit takes at most {most} wrong texts per photo; lower the number.", most=MOST_WRONG)
        if self.planted > MOST_PLANTED:
            raise InputError("An audit plants at most {most} causes of a kind; lower the number.", most=MOST_PLANTED)

    @property
    def extras(self) -> list[str]:
        """The columns of the rows that only audits with these settings have."""
        chosen = {"wrong_scores": self.wrong_texts > 0, "agreement": self.agreement, "choices": self.choices}
        return [name for name, there in chosen.items() if there]

    def methods_of(self, model: FusionModel) -> tuple[str, ...]:
        """The methods to audit on a model, without the random ranking."""
        return self.methods or (model.default_method,)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values; those of ``LATER`` only where they are set, so that older audits go on."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {name: value for name, value in values.items() if name not in LATER or value != LATER[name]}


def settings_from(values: dict[str, Any]) -> Settings:
    """Settings from what ``to_dict`` gave.

    Raises:
        InputError: if they are not settings, or name a method or metric that is not there.
    """
    result: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    if not all(name in KINDS and KINDS[name](value) for name, value in result.items()):
        raise InputError(
            "The report has settings that this version of vtviz does not know; use the version that wrote it."
        )
    return Settings(**result)


def _are_names(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


KINDS: dict[str, Callable[[Any], bool]] = {  # what a field of Settings may hold
    **dict.fromkeys(("models", "methods", "metrics"), _are_names),
    **dict.fromkeys(("steps", "seed", "probes", "wrong_texts", "planted"), _is_count),
    **dict.fromkeys(("agreement", "choices"), lambda value: isinstance(value, bool)),
    "fill": lambda value: isinstance(value, str),
    "limit": lambda value: value is None or (_is_count(value) and value > 0),
}


def names(written: str | None) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(dict.fromkeys(name.strip() for name in (written or "").split(",") if name.strip()))


def settings_of(models: str, methods: str | None, metrics: str | None, **others: Any) -> Settings:
    """Settings whose models, methods and metrics are names with commas between them; without metrics, the usual ones.

    Raises:
        InputError: if one of them cannot be used.
    """
    if names(metrics):
        others["metrics"] = names(metrics)
    return Settings(names(models), names(methods), **others)
