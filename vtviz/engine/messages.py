"""Requests and answers as bytes (MessagePack), for an engine in another process.

Dataclasses are maps, arrays carry their type and shape, and everything comes back equal to the last bit.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec
import numpy as np
import torch

import vtviz.engine.requests
from vtviz.audit import requests as of_audits
from vtviz.engine.engine import Request
from vtviz.evaluation.runs import requests as of_evaluations
from vtviz.inputs import InputError

Value = TypeVar("Value")


class _Message(msgspec.Struct, array_like=True):
    """A request by the name of its kind."""

    kind: str
    body: msgspec.Raw


@cache
def request_kinds() -> dict[str, type[Any]]:
    """Every kind of request by its name: the dataclasses with an ``answer`` of ``engine.requests``, and those of
    audits and evaluations."""
    return {kind.__name__: kind for kind in _kinds()}


def encode_request(request: Request[Any]) -> bytes:
    """A request as bytes."""
    return msgspec.msgpack.encode(_Message(type(request).__name__, msgspec.Raw(encode(request))))


def decode_request(data: bytes) -> Request[Any]:
    """The request in bytes. Raises InputError where they hold none."""
    try:
        message = msgspec.msgpack.decode(data, type=_Message)
        request: Request[Any] = decode(bytes(message.body), request_kinds()[message.kind])
    except (msgspec.MsgspecError, KeyError, ValueError) as error:
        raise InputError("This is not a vtviz request.") from error
    return request


def decode_answer(data: bytes, request: Request[Value]) -> Value:
    """The answer to a request in the bytes that ``encode`` made of it."""
    answer: Value = decode(data, get_type_hints(type(request).answer)["return"])
    return answer


def encode(value: Any) -> bytes:
    """A value of dataclasses, plain values, arrays and tensors as bytes."""
    return msgspec.msgpack.encode(value, enc_hook=_to_plain)


def decode(data: bytes, kind: Any) -> Any:
    """The value of this type in bytes. Raises msgspec.MsgspecError where they hold another one."""
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_from_plain)


def _kinds() -> Iterator[type[Any]]:
    package = vtviz.engine.requests
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    modules = [importlib.import_module(item.name) for item in found]
    for module in (*modules, of_audits, of_evaluations):
        for value in vars(module).values():
            if isinstance(value, type) and is_dataclass(value) and hasattr(value, "answer"):
                yield value


def _to_plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return _to_plain(value.detach().cpu().numpy())
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, np.ascontiguousarray(value).tobytes()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be sent")


def _from_plain(kind: type[Any], value: Any) -> Any:
    if kind in (np.ndarray, torch.Tensor):
        name, shape, data = value
        array = np.frombuffer(data, np.dtype(name)).reshape(shape).copy()
        return torch.from_numpy(array) if kind is torch.Tensor else array
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"{kind.__name__} cannot be received")
