"""Names of open_clip models: ``open_clip:ARCH/TAG``, ``open_clip:ARCH@FILE-OR-FOLDER``, ``open_clip:hf-hub:ORG/NAME``.

Options follow a question mark, so that one string is a model everywhere: ``open_clip:ViT-B-32/openai?fit=crop``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import parse_qsl

from vtviz.files import from_home
from vtviz.models.base import ModelError

PREFIX = "open_clip:"
HUB = "hf-hub:"
AUTO = "auto"

Fit = Literal["squash", "letterbox", "crop"]
Norm = Literal["openai", "half", "imagenet"]
FITS: tuple[Fit, ...] = get_args(Fit)
NORMS: tuple[Norm, ...] = get_args(Norm)
SWITCH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
FORMS = "open_clip:ARCH/TAG, open_clip:ARCH@FILE-OR-FOLDER or open_clip:hf-hub:ORG/NAME"


@dataclass(frozen=True)
class Spec:
    """What a name asks for. One of ``tag``, ``path`` and ``hub`` is set; options that were left out are None.

    ``architecture`` may be ``auto`` for a folder that holds its own ``open_clip_config.json``.
    """

    name: str
    architecture: str = AUTO
    tag: str | None = None
    path: Path | None = None
    hub: str | None = None
    fit: Fit = "squash"
    quickgelu: bool | None = None
    norm: Norm | None = None
    registers: bool = False


def parse(name: str) -> Spec | None:
    """What a name asks for, or None where it belongs to another family.

    Raises:
        ModelError: if the name or an option cannot be understood.
    """
    if not name.startswith(PREFIX):
        return None
    source, _, query = name.removeprefix(PREFIX).partition("?")
    fit, quickgelu, norm, registers = _options(query)
    if source.startswith(HUB):
        hub = source.removeprefix(HUB)
        if hub.count("/") != 1 or not all(hub.split("/")):
            raise ModelError("{name} does not name a repository; write open_clip:hf-hub:ORG/NAME.", name=name)
        return Spec(name, hub=hub, fit=fit, quickgelu=quickgelu, norm=norm, registers=registers)
    architecture, at, path = source.partition("@")
    if at:
        if not path:
            raise ModelError("{name} does not name a file; write open_clip:ARCH@FILE-OR-FOLDER.", name=name)
        chosen = from_home(path)
        return Spec(name, architecture or AUTO, None, chosen, None, fit, quickgelu, norm, registers)
    architecture, slash, tag = source.rpartition("/")
    if not slash or not architecture or not tag:
        raise ModelError("{name} is not an open_clip model name; use {forms}.", name=name, forms=FORMS)
    return Spec(name, architecture.replace("/", "-"), tag, None, None, fit, quickgelu, norm, registers)


def with_registers(name: str) -> str | None:
    """The name of the same model with a register; None where it has one, or belongs to a family without them."""
    source, _, query = name.partition("?")
    if not source.startswith((PREFIX, "hf:")) or "registers" in dict(parse_qsl(query, keep_blank_values=True)):
        return None
    return f"{name}{'&' if query else '?'}registers=1"


def registers_of(value: str) -> bool:
    """What the option registers says. Raises ModelError where that is neither yes nor no."""
    if value.lower() not in SWITCH:
        raise ModelError("The option registers must be 1 or 0, not {value}.", value=value)
    return SWITCH[value.lower()]


def _options(query: str) -> tuple[Fit, bool | None, Norm | None, bool]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    fit, quickgelu, norm = options.pop("fit", "squash"), options.pop("quickgelu", None), options.pop("norm", None)
    registers = registers_of(options.pop("registers", "0"))
    if options:
        first = next(iter(options))
        raise ModelError("There is no option {name}; use fit, quickgelu, norm or registers.", name=first)
    if fit not in FITS:
        raise ModelError("The option fit cannot be {value}; use one of: {known}.", value=fit, known=", ".join(FITS))
    if norm is not None and norm not in NORMS:
        raise ModelError("The option norm cannot be {value}; use one of: {known}.", value=norm, known=", ".join(NORMS))
    if quickgelu is not None and quickgelu.lower() not in SWITCH:
        raise ModelError("The option quickgelu must be 1 or 0, not {value}.", value=quickgelu)
    return (
        cast(Fit, fit),
        None if quickgelu is None else SWITCH[quickgelu.lower()],
        cast("Norm | None", norm),
        registers,
    )
