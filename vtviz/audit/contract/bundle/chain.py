"""The hash chain of a bundle: each link holds the one before it, so no part can change without the head changing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SCHEMA = "vtviz.audit_bundle/1"
CHAIN = "chain.json"


def make_chain(parts: Mapping[str, bytes]) -> dict[str, Any]:
    """Name, size, sha256 and link of each part, in their order; ``head`` is the last link.

    A link is the sha256 of three lines: the link before it (at first the schema), the name, and the sha256 of the part.
    """
    link, result = SCHEMA, []
    for name, data in parts.items():
        own = hashlib.sha256(data).hexdigest()
        link = hashlib.sha256(f"{link}\n{name}\n{own}".encode()).hexdigest()
        result.append({"name": name, "bytes": len(data), "sha256": own, "link": link})
    return {"schema": SCHEMA, "parts": result, "head": link}


def chain_bytes(chain: Mapping[str, Any]) -> bytes:
    """A chain as it stands in a bundle."""
    return json.dumps(chain, indent=2, ensure_ascii=False).encode() + b"\n"
