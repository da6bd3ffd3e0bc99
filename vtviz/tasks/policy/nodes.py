"""YAML that is read strictly: no aliases, no tags, nothing twice, nothing deep, and every error names its line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml

from vtviz.inputs import InputError

LARGEST = 256 * 1024  # bytes
DEEPEST = 6
NOT_YAML = "this is not YAML: {problem}"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Value:
    """A value of a YAML file, read as what it must be. Each reading raises InputError where it is something else."""

    node: yaml.Node
    file: str

    def wrong(self, reason: str, **values: object) -> InputError:
        """What is said of this value."""
        return _wrong(self.file, _line(self.node.start_mark), reason.format(**values))

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != "tag:yaml.org,2002:str":
            raise self.wrong("a text is needed here; put it in quotation marks")
        return str(self.node.value)

    def number(self, least: float, most: float) -> float:
        kinds = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
        try:
            if not isinstance(self.node, yaml.ScalarNode) or self.node.tag not in kinds:
                raise ValueError(self.node.tag)
            number = float(self.node.value)
        except ValueError as error:
            raise self.wrong("a number is needed here") from error
        if not math.isfinite(number) or not least <= number <= most:
            raise self.wrong("the number must lie between {least} and {most}", least=f"{least:g}", most=f"{most:g}")
        return number

    def boolean(self) -> bool:
        if self.node.tag != "tag:yaml.org,2002:bool" or self.node.value not in ("true", "false"):
            raise self.wrong("true or false is needed here")
        return bool(self.node.value == "true")

    def items(self, most: int, alone: bool = False) -> list[Value]:
        """The values of a list of 1 to ``most``; ``alone``: a value that is no list is a list of one."""
        if alone and isinstance(self.node, yaml.ScalarNode):
            return [self]
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong("a list is needed here")
        if not 1 <= len(self.node.value) <= most:
            raise self.wrong("a list of 1 to {most} items is needed here", most=most)
        return [Value(node, self.file) for node in self.node.value]

    def fields(self, *names: str) -> Fields:
        """The fields of a mapping, which may have these names, each once."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("fields (name: value) are needed here")
        result = dict[str, Value]()
        for key, value in self.node.value:
            name = Value(key, self.file).text() if isinstance(key, yaml.ScalarNode) else ""
            if name not in names:
                raise Value(key, self.file).wrong(
                    "there is no field {name}; use {names}", name=name or "of this kind", names=", ".join(names)
                )
            if name in result:
                raise Value(key, self.file).wrong("the field {name} is there twice", name=name)
            result[name] = Value(value, self.file)
        return Fields(self, result)


@dataclass(frozen=True)
class Fields:
    """The fields of a mapping."""

    of: Value
    values: dict[str, Value]

    def need(self, name: str) -> Value:
        """A field that must be there."""
        if name not in self.values:
            raise self.of.wrong("the field {name} is missing", name=name)
        return self.values[name]

    def get(self, name: str, read: Callable[[Value], Result], default: Any) -> Any:
        """A field as ``read`` reads it, or the default."""
        return read(self.values[name]) if name in self.values else default


def read_yaml(data: bytes, file: str) -> Value:
    """The value of a YAML file of at most ``LARGEST`` bytes.

    Raises:
        InputError: if it is larger, not UTF-8, not YAML, more than one document, or uses aliases or tags.
    """
    if len(data) > LARGEST:
        raise InputError("The file {file} is larger than {limit} kB; shorten it.", file=file, limit=LARGEST // 1024)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("The file {file} is not UTF-8 text; save it as UTF-8.", file=file) from error
    try:
        _check_events(text, file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _wrong(file, _line(mark), NOT_YAML.format(problem=error.problem)) from error
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the latter of characters that do not exist
        raise _wrong(file, 1, NOT_YAML.format(problem="it has characters that cannot be printed")) from error
    if node is None:
        raise InputError("The file {file} is empty.", file=file)
    return Value(node, file)


def _check_events(text: str, file: str) -> None:
    """Refuses what can make a small file large or deep, before anything is built of it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = _line(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _wrong(file, line, "anchors and aliases (& and *) are not allowed")
        if getattr(event, "tag", None):
            raise _wrong(file, line, "tags (!) are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _wrong(file, line, "this is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _line(mark: Any) -> int:
    return mark.line + 1 if mark else 1


def _wrong(file: str, line: int, reason: str) -> InputError:
    return InputError("Line {line} of {file}: {reason}.", line=line, file=file, reason=reason)
