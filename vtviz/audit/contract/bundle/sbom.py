"""What is installed, as a software bill of materials (CycloneDX 1.6, ECMA-424)."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
import uuid
from collections.abc import Sequence
from typing import Any

import vtviz


def bill_of_materials(models: Sequence[dict[str, Any]]) -> bytes:
    """The installed packages and the audited models (``name``, ``weights_sha256``) as CycloneDX JSON; equal machines
    give equal bytes, so it has no time in it."""
    components = [*_packages(), *(_model(model) for model in models)]
    root = {"type": "application", "bom-ref": "vtviz", "name": "vtviz", "version": vtviz.__version__}
    python = {"name": "python", "value": platform.python_version()}
    system = {"name": "platform", "value": platform.platform()}
    return _written({"metadata": {"component": root, "properties": [python, system]}, "components": components})


def is_bill_of(data: bytes, models: Sequence[dict[str, Any]]) -> bool:
    """Whether a bill is as it was written, on whatever machine, and names these models with their weights.

    Raises:
        LookupError, TypeError, ValueError: if it is none.
    """
    bill = json.loads(data)
    content = {name: bill[name] for name in ("metadata", "components")}
    return _written(content) == data and all(_model(model) in bill["components"] for model in models)


def _written(content: dict[str, Any]) -> bytes:
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        **content,
    }
    return json.dumps(bill, indent=2).encode() + b"\n"


def _packages() -> list[dict[str, Any]]:
    """Each installed package once, by name; of two of one name the one that Python imports."""
    found: dict[str, dict[str, Any]] = {}
    for distribution in importlib.metadata.distributions():
        written, version = distribution.metadata["Name"], distribution.version
        name = re.sub(r"[-_.]+", "-", written or "").lower()  # as the package index spells it
        if name and version and name != "vtviz" and name not in found:
            address = f"pkg:pypi/{name}@{version}"
            component = {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address}
            licence = distribution.metadata.get("License-Expression")
            found[name] = {**component, **({"licenses": [{"expression": licence}]} if licence else {})}
    return [found[name] for name in sorted(found)]


def _model(model: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{model['name']}",
        "name": model["name"],
        "hashes": [{"alg": "SHA-256", "content": model["weights_sha256"]}],
    }
