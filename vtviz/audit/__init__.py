"""Many photos and texts become rows, checks, figures and a report.

The Python API has a function of the same name, so this package can be called: ``vtviz.audit(rows, output)`` is
``vtviz.api.audit``.
"""

import sys
from importlib import import_module
from inspect import Signature, signature
from types import ModuleType
from typing import Any

_API = "vtviz.api"  # by name: it lies above this package


class _Callable(ModuleType):
    """The package, and the function of its name."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Runs an audit; see ``vtviz.api.audit``."""
        return import_module(_API).audit(*arguments, **options)

    @property
    def __signature__(self) -> Signature:
        return signature(import_module(_API).audit)


sys.modules[__name__].__class__ = _Callable
