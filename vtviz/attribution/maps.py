"""From rows of numbers to a Relevance, and which recorded layer to read."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vtviz.attribution.base import Details, MapsOf, Relevance
from vtviz.attribution.case import ForwardPass
from vtviz.attribution.options import Options
from vtviz.inputs import InputError, Tokens
from vtviz.models.record import Kind
from vtviz.models.recorder import RecordedLayer


def chosen_layer(forward: ForwardPass, options: Options, kind: Kind = "text→image") -> RecordedLayer:
    """The layer of a kind that the options name: the model's default, or the last where that is not there.

    Raises:
        InputError: if the pass had no such layer or head.
    """
    layers = forward.attention.layers_of(kind)
    default = min(forward.case.model.default_layer, len(layers) - 1) if kind == "text→image" else len(layers) - 1
    index = default if options.layer is None else options.layer
    if not 0 <= index < len(layers):
        raise InputError(
            "There is no {kind} layer {layer}: layer numbers start at 0 and stay below {count}.",
            layer=index,
            count=len(layers),
            kind=kind,
        )
    heads = layers[index].weights.shape[1]
    if options.head is not None and not 0 <= options.head < heads:
        raise InputError(
            "There is no head {head} in this layer: head numbers start at 0 and stay below {count}.",
            head=options.head,
            count=heads,
        )
    return layers[index]


def over_heads(weights: Tensor, head: int | None) -> Tensor:
    """One head of ``weights [heads, ...]``, or the mean of all."""
    return weights.mean(dim=0) if head is None else weights[head]


def read_by(forward: ForwardPass, index: int, rows: Tensor) -> Tensor:
    """Rows of the text axis ``[text, ...]`` as the target reads them, ``[...]``."""
    weights = forward.case.model.readout(forward.case.text, forward.case.scored)[index]
    return torch.einsum("t,t...->...", weights.to(rows.dtype), rows)


def from_joined(forward: ForwardPass, index: int, gained: Tensor) -> Relevance:
    """Relevance from ``gained [text + image, text + image]``: how much its rows rely on its columns.

    Where text and photo never meet, the map is that of what the photo's own vector reads: all patches alike where the
    model does not say.
    """
    case = forward.case
    words, _ = forward.attention.sizes()
    first = words + case.model.image_offset
    scores = case.pieces(read_by(forward, index, gained[:words, :words]), index)
    maps = gained[:words, first:]
    if maps.any():
        return of_tokens(case.rows(maps, index), scores, case.model.grid, image=read_by(forward, index, maps))
    patches = gained[words:, first:]
    read = torch.full((len(patches),), 1 / len(patches)) if case.image_read is None else case.image_read
    return of_text(read.to(patches) @ patches, scores, case.model.grid, signed=False)


def of_tokens(
    maps: Tensor, scores: Tensor, grid: tuple[int, int], signed: bool = False, image: Tensor | None = None
) -> Relevance:
    """Relevance with a map for each piece, ``maps [T, patches]``, and token scores ``[T]``.

    Each map is scaled so that its largest size is 1. ``image [patches]`` is the mean of the maps where it is None.
    """
    rows = _array(maps).reshape(-1, *grid)
    whole = rows.mean(axis=0) if image is None else _array(image).reshape(grid)
    units = np.array([*map(peak_of, rows), peak_of(whole)])
    return Relevance(_array(scores), scaled(rows), scaled(whole), signed, units=units)


def of_text(
    image: Tensor | np.ndarray,
    scores: Tensor | np.ndarray,
    grid: tuple[int, int],
    signed: bool = True,
    details: Details | None = None,
    maps_of: MapsOf = "text",
) -> Relevance:
    """Relevance with one map for the whole text, ``image [patches]``, and token scores ``[T]``."""
    tokens, whole = _array(scores), scaled(_array(image).reshape(grid))
    maps, units = np.broadcast_to(whole, (len(tokens), *grid)), np.full(len(tokens) + 1, peak_of(image))
    return Relevance(tokens, maps, whole, signed, maps_of, details, units)


def of_span(tokens: Tokens, maps: np.ndarray, start: int, end: int) -> np.ndarray:
    """The mean map ``[h, w]`` of the pieces (``maps [pieces, h, w]``) in a span of the text, what speaks against it
    left out; that of all pieces where none lies there."""
    covered = [index for index, (first, last) in enumerate(tokens.spans) if first < end and last > start]
    return np.maximum(maps[covered or slice(None)].mean(axis=0), 0.0)


def scaled(maps: np.ndarray) -> np.ndarray:
    """Maps ``[..., h, w]`` whose largest size is 1, or 0 everywhere."""
    peak = np.abs(maps).max(axis=(-2, -1), keepdims=True)
    return maps / np.where(peak > 0, peak, 1.0)


def peak_of(image: Tensor | np.ndarray) -> float:
    """The largest size in a map: what its scaled values are to be multiplied by."""
    return float(np.abs(_array(image)).max())


def _array(values: Tensor | np.ndarray) -> np.ndarray:
    return values if isinstance(values, np.ndarray) else values.detach().float().cpu().numpy()


def spans(layer: RecordedLayer, words: int, patches: int) -> tuple[slice, slice]:
    """Where the queries and the keys of a layer stand in the joined sequence."""
    text, image, both = slice(0, words), slice(words, words + patches), slice(0, words + patches)
    sides = {
        "text": (text, text),
        "image": (image, image),
        "text→image": (text, image),
        "image→text": (image, text),
        "fused": (both, both),
    }
    return sides[layer.kind]
