"""An explanation as a file that a program can read."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any

import numpy as np
import orjson

from vtviz.attribution.base import Details
from vtviz.engine.explanation import Explanation
from vtviz.spreadsheets import as_cell

SCHEMA = "vtviz.explanation/1"


def to_dict(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain values: the schema of ``explanation.json``. Map values are rounded to 1e-5.

    ``maps`` lie in 0..1, whatever the method: of a signed one they hold what speaks for the target, and ``signed_maps``
    both, in −1..1.
    """
    relevance, tokens = explanation.relevance, explanation.tokens
    maps = np.round(relevance.maps.astype(np.float64), 5)
    return {
        "schema": SCHEMA,
        "model": explanation.model,
        "weights_sha256": explanation.weights_sha256,
        "method": explanation.method,
        "layer": explanation.layer,
        "head": explanation.head,
        "target": {name: value for name, value in asdict(explanation.target).items() if value is not None},
        "options": {name: value for name, value in asdict(explanation.options).items() if value is not None},
        "text": tokens.text,
        "text_truncated": tokens.truncated,
        "unknown_words": [tokens.words[place].text for place in explanation.unknown],
        "score": explanation.score,
        "score_kind": explanation.score_kind,
        "threshold": explanation.threshold,
        "match": explanation.is_match,
        "verdict": explanation.verdict,
        "doubt": explanation.doubt,
        "image": {
            "sha256": explanation.image.sha256,
            "width": explanation.image.file_size[0],
            "height": explanation.image.file_size[1],
        },
        "tokens": [
            {"text": tokens.text[start:end], "piece": piece, "start": start, "end": end, "relevance": float(score)}
            for piece, (start, end), score in zip(tokens.pieces, tokens.spans, relevance.tokens, strict=True)
        ],
        "grid": list(explanation.grid),
        "frame": list(explanation.frame),
        "signed": relevance.signed,
        "maps_of": relevance.maps_of,
        "details": _details(relevance.details),
        "image_map": np.round(relevance.image.astype(np.float64), 5).tolist(),
        "maps": maps.clip(min=0.0).tolist(),
        "signed_maps": maps.tolist() if relevance.signed else None,
        "timings_ms": explanation.timings_ms,
        "device": explanation.device,
        "memory_mb": explanation.memory_mb,
        "versions": explanation.versions,
        "notices": list(explanation.notices),
        "fingerprint": explanation.fingerprint,
    }


def _details(details: Details | None) -> dict[str, Any] | None:
    if details is None:
        return None
    result = {name: value for name, value in vars(details).items() if value is not None}
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in result.items()}


def to_json(explanation: Explanation) -> bytes:
    """``explanation.json``."""
    return orjson.dumps(to_dict(explanation))


def token_scores(explanation: Explanation) -> bytes:
    """A CSV table with a row a piece: text, start and end (characters), relevance.

    It is UTF-8 with a byte order mark, for spreadsheets; a text that one would run as a formula begins with an
    apostrophe.
    """
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["text", "start", "end", "relevance"])
    tokens = explanation.tokens
    for (start, end), score in zip(tokens.spans, explanation.relevance.tokens, strict=True):
        text = tokens.text[start:end]
        writer.writerow([as_cell(text), start, end, f"{score:.9g}"])
    return table.getvalue().encode("utf-8-sig")
