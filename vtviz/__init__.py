"""vtviz: see, attribute and audit vision-text cross-attention.

``from vtviz import load, explain, intervene, audit`` is the Python API, described in docs/reference/python.md and typed
in ``__init__.pyi``. Its names are imported when they are first asked for, so that ``import vtviz`` stays quick.
``audit`` is the package of that name, which can be called.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_API = "vtviz.api"  # by name: it lies above everything that asks for the version
_NAMES = (
    *("load", "explain", "intervene", "Model", "Explanation", "Intervention", "Report", "TextMaps"),
    *("Hide", "Only", "Move", "Drop", "Without", "Cut", "Push", "InputError", "ModelError"),
)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(_API), name)
    if name == "audit":
        return import_module("vtviz.audit")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES, "audit"})
