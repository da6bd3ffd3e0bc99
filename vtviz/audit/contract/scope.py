"""Who answers for the system under audit, and what it is for: ``scope.toml``."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtviz.audit.contract.toml import Written, read_toml
from vtviz.inputs import InputError

FIELDS = ("system", "provider", "version", "purpose", "users", "misuse", "responsible", "date", "notes")
OPTIONAL = ("notes",)  # whose absence is no gap
LONGEST = 5000  # characters of a field


@dataclass(frozen=True)
class Scope:
    """The fields of a scope that are filled in, by name, and the file that they were read from."""

    fields: dict[str, str]
    written: Written

    @property
    def missing(self) -> list[str]:
        """The fields that the file leaves open."""
        return [name for name in FIELDS if name not in self.fields and name not in OPTIONAL]

    def to_dict(self) -> dict[str, Any]:
        """The scope as the report holds it."""
        return {"fields": self.fields, "missing": self.missing, "sha256": self.written.sha256}


def read_scope(path: Path) -> Scope:
    """The scope in a file: ``system``, ``provider``, ``version``, ``purpose``, ``users``, ``misuse`` (that can be
    foreseen), ``responsible`` (a person), ``date`` and ``notes``; each is a text, a list of texts or a date.

    Raises:
        InputError: if the file cannot be read, or has a field that is not known or not text.
    """
    values, written = read_toml(path)
    for name in values:
        if name not in FIELDS:
            raise InputError(
                "The scope {file} has a field {field} that vtviz does not know; use {known}.",
                file=path.name,
                field=name,
                known=", ".join(FIELDS),
            )
    fields = {name: _text(path.name, name, values[name]) for name in FIELDS if name in values}
    return Scope({name: text for name, text in fields.items() if text}, written)


def scope_toml(fields: dict[str, str]) -> bytes:
    """Fields as a person filled them in, as ``scope.toml``; empty ones are left out."""
    filled = {name: fields[name].strip() for name in FIELDS if fields.get(name, "").strip()}
    return "".join(f"{name} = {_quoted(text)}\n" for name, text in filled.items()).encode("utf-8", "replace")


def _quoted(text: str) -> str:
    """A text as TOML's basic string, which is JSON's but for the character of deletion."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(file: str, name: str, value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str | int | float | datetime.date) and not isinstance(part, bool) for part in parts):
        raise InputError("The field {field} of {file} must be text, or a list of texts.", field=name, file=file)
    text = "; ".join(str(part).strip() for part in parts if str(part).strip())
    if len(text) > LONGEST:
        raise InputError(
            "The field {field} of {file} is longer than {limit} characters; shorten it.",
            field=name,
            file=file,
            limit=LONGEST,
        )
    return text
