"""A lens as one run of bytes: a header in JSON, then the photo, the colours and the record at 8 bits per value.

Layout: the header's length (uint32, little-endian), the header (UTF-8), the blobs. The header names each blob by its
offset after the header and its length.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection
from typing import Any

import numpy as np
import orjson

from vtviz.models.record import KINDS
from vtviz.render.colour import colour_map
from vtviz.render.lens.settings import COLOURS, LensSettings
from vtviz.render.lens.view import LensView, Look, largest
from vtviz.render.overlay import scaled_photo, to_jpeg
from vtviz.render.words import word_maps
from vtviz.sentences import catalogue
from vtviz.vocabulary import function_words, nouns

PHOTO_SIDE = 1000
RECORD_BYTES = 1_000_000  # packed; layers beyond it travel when they are asked for
HOPE = 1.25  # what is larger than this share of the room left is not worth deflating to see whether it fits
SIGNED_COLOURS = "RdBu"  # red below nothing, blue above it, as the token scores


def quantise(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows ``[..., n]`` as uint8 ``[..., n]`` with ``low`` and ``step`` ``[...]``: value ≈ low + step · byte.

    ``low`` is 0 for rows without negative values. The error is at most step / 2, which is no more than 1/255 of the
    row's largest size.
    """
    rows = np.asarray(values, dtype=np.float32)
    low = np.minimum(rows.min(axis=-1), 0.0)
    step = (np.maximum(rows.max(axis=-1), 0.0) - low) / np.float32(255)
    scaled = (rows - low[..., None]) / np.where(step > 0, step, 1)[..., None]
    return scaled.round().clip(0, 255).astype(np.uint8), low.astype(np.float32), step.astype(np.float32)


class Blobs:
    """Blobs one after another, each named by ``[offset, length]``."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, data: bytes) -> list[int]:
        self.parts.append(data)
        self.size += len(data)
        return [self.size - len(data), len(data)]

    def drop_from(self, count: int) -> None:
        """Forgets all but the first ``count`` blobs."""
        self.size -= sum(map(len, self.parts[count:]))
        del self.parts[count:]

    def add_rows(self, values: np.ndarray) -> dict[str, Any]:
        """An array at 8 bits: its shape, its bytes (deflated), the step of each row and, where needed, its low end."""
        quantised, low, step = quantise(values)
        packed = {"shape": list(values.shape), "bytes": self.add(zlib.compress(quantised.tobytes(), 6))}
        packed["step"] = self.add(zlib.compress(step.tobytes(), 6))
        if low.any():
            packed["low"] = self.add(zlib.compress(low.tobytes(), 6))
        return packed


def pack(view: LensView, wanted: Collection[int] = (), alike: np.ndarray | None = None) -> tuple[dict[str, Any], bytes]:
    """The header (without sentences and settings) and the blobs of a view; ``alike [patches, patches]`` is how like the
    patches are to each other, where that is known.

    Layers go as long as they fit into ``RECORD_BYTES``, cross-attention first; others, named by their indices in the
    record, go where they are ``wanted``. A layer that did not go has no blocks but, perhaps, its summary.
    """
    blobs, tokens = Blobs(), view.tokens
    header: dict[str, Any] = {
        "name": view.name,
        "text": tokens.text,
        "ratio": view.image.width / view.image.height,
        "grid": list(view.grid),
        "words": [
            {"text": w.text, "unknown": i in view.unknown, "dim": w.text.lower() in function_words()}
            for i, w in enumerate(tokens.words)
        ],
        "pieces": [
            [tokens.text[start:end], owner] for (start, end), owner in zip(tokens.spans, tokens.word_of, strict=True)
        ],
        "photo": blobs.add(to_jpeg(scaled_photo(view.image, PHOTO_SIDE))),
        "colours": {name: blobs.add(colour_map(name.capitalize()).tobytes()) for name in COLOURS},
        "diverging": blobs.add(colour_map(SIGNED_COLOURS).tobytes()),
        "views": [_look(look, blobs) for look in _looks(view)],
        "show": view.show,
        "peak": view.peak,
        "first": first_word(view),
        "layer": view.layer,
        "head": view.head,
    }
    if view.total:
        total = view.total
        header["total"] = {"value": total.value, "baseline": total.baseline, "image": total.image}
    header["alike"] = None if alike is None else blobs.add_rows(alike)
    header["views"][0]["offered"] = view.offered
    header["layers"] = _layers(view, blobs, wanted)
    return header, b"".join(blobs.parts)


def _looks(view: LensView) -> list[Look]:
    """The relevance of the method, then the other ways to look."""
    return [Look("attribution", view.method, view.relevance), *view.looks]


def _look(look: Look, blobs: Blobs) -> dict[str, Any]:
    relevance = look.relevance
    return {
        "name": look.name,
        "offered": True,
        "signed": relevance.signed,
        "of": relevance.maps_of,
        "peak": largest([relevance.maps]),
        "scores": [float(score) for score in relevance.tokens],
        "maps": blobs.add_rows(relevance.maps.reshape(len(relevance.maps), -1)),
        "whole": blobs.add_rows(relevance.image.reshape(1, -1)),
    }


def _layers(view: LensView, blobs: Blobs, wanted: Collection[int]) -> list[dict[str, Any]]:
    """Cross-attention first, and of each kind the last layers first, as they lie nearest to the answer."""
    order = sorted(range(len(view.layers)), key=lambda index: (KINDS.index(view.layers[index].kind), -index))
    left, packed = RECORD_BYTES, {}
    for index in order:
        layer, count, size = view.layers[index], len(blobs.parts), blobs.size
        blocks: dict[str, Any] = {
            name: blobs.add_rows(layer.blocks[name]) for name in layer.blocks if name == "summary"
        }
        rest = [name for name in layer.blocks if name != "summary"]
        here = index in wanted or sum(layer.blocks[name].size for name in rest) <= HOPE * left
        if here:
            count, before = len(blobs.parts), blobs.size
            whole: dict[str, Any] = {name: blobs.add_rows(layer.blocks[name]) for name in rest}
            here = index in wanted or blobs.size - before <= left
            if here:
                blocks |= whole
            else:
                blobs.drop_from(count)
        left -= 0 if index in wanted else blobs.size - size
        packed[index] = {"name": layer.name, "kind": layer.kind, "heads": layer.heads, "blocks": blocks, "here": here}
    return [packed[index] for index in sorted(packed)]


def said(view: LensView, alt: str, key: str, settings: LensSettings, language: str) -> dict[str, Any]:
    """The part of the header that depends on who looks: sentences, and settings to begin with."""
    sentences = catalogue(language)
    labels = {name.removeprefix("lens."): text for name, text in sentences.items() if name.startswith("lens.")}
    labels["score"] = sentences[view.score_label]
    if view.total:
        labels["total"] = sentences[view.total.label]
    methods = [look.method for look in _looks(view)]
    return {
        "alt": alt,
        "methods": [sentences.get(method, method.removeprefix("method.")) for method in methods],
        "limits": [sentences.get(f"{method}.misleads", "") for method in methods],
        "key": key,
        "settings": {name: value for name, value in vars(settings).items() if value != getattr(LensSettings(), name)},
        "labels": labels,
    }


def join(header: dict[str, Any], blobs: bytes) -> bytes:
    """Header and blobs as one run of bytes."""
    text = orjson.dumps(header)
    return struct.pack("<I", len(text)) + text + blobs


def first_word(view: LensView) -> int | None:
    """The word shown first: the everyday noun with the most concentrated map, else another word that is more than
    grammar; None for the whole text.

    Concentrated is what has little entropy: a map of one thing, not of the whole photo.
    """
    words = [word.text.lower() for word in view.tokens.words]
    telling = [index for index, word in enumerate(words) if word not in function_words() and index not in view.unknown]
    named = [index for index in telling if words[index] in nouns()] or telling
    first = next((look.relevance for look in view.looks if look.name == view.show), view.relevance)
    maps = np.maximum(word_maps(view.tokens, first), 0.0).reshape(len(words), -1)
    shares = maps / np.maximum(maps.sum(axis=1, keepdims=True), 1e-12)
    spread = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=1)
    return min((index for index in named if maps[index].any()), key=lambda index: spread[index], default=None)
