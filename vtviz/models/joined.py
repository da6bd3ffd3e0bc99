"""Attention over one sequence of text and patches, recorded and changed in its four parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vtviz.models.attention import Heads
from vtviz.models.record import Kind
from vtviz.models.recorder import RecordedLayer, Recorder, changed_weights

Side = tuple[Kind, Kind]  # the parts of its queries' rows: over the text, and over the photo
ROWS: dict[str, Side] = {"text": ("text", "text→image"), "image": ("image→text", "image")}


@dataclass(frozen=True, eq=False)
class Joined:
    """Where text and photo stand in the joined sequence: indices ``text [T]`` and ``image [P]``, in the order of the
    recorded axes. Each position is in one of them."""

    text: Tensor
    image: Tensor

    def of(self, kind: Kind) -> tuple[Tensor, Tensor]:
        """The positions of the queries and of the keys of a part."""
        first, _, last = kind.partition("→")
        sides = {"text": self.text, "image": self.image}
        return sides[first], sides[last or first]


def attend_joined(recorder: Recorder, name: str, heads: Heads, joined: Joined) -> Tensor | None:
    """Mixed values ``[batch, heads, queries, width / heads]`` of attention over the joined sequence, of which the
    recorder gets the parts, named after their kind; None where the layer is to do as it always does.

    Of rows that nobody observes no weights are computed.
    """
    if not any(recorder.listens(kind) for side in ROWS.values() for kind in side):
        return None
    recorded: dict[Kind, RecordedLayer] = {}
    mixed = {side: _rows(recorder, name, heads, joined, ROWS[side], recorded) for side in ROWS}
    kinds: tuple[Kind, ...] = ("text→image", "image→text", "text", "image")
    recorder.recording.layers += [recorded[kind] for kind in kinds if kind in recorded]
    if not recorded and all(values is None for values in mixed.values()):
        return None
    rows = [
        _rows_of(heads, positions).mixed() if values is None else values
        for values, positions in zip(mixed.values(), (joined.text, joined.image), strict=True)
    ]
    return torch.cat(rows, dim=2)[:, :, torch.cat([joined.text, joined.image]).argsort()]


def _rows(
    recorder: Recorder, name: str, heads: Heads, joined: Joined, kinds: Side, recorded: dict[Kind, RecordedLayer]
) -> Tensor | None:
    """What the queries of one side mix, or None where that is as ever."""
    if not any(recorder.observes(kind) for kind in kinds):
        return None
    own = _rows_of(heads, joined.of(kinds[0])[0])
    weights, differs, mixed = own.weights(), False, torch.zeros((), dtype=heads.value.dtype, device=heads.value.device)
    for kind in kinds:
        keys = joined.of(kind)[1]
        part, label = weights[..., keys], f"{name}.{kind}"
        changed = None if recorder.change is None else changed_weights(recorder.change, label, part)
        if changed is not None:
            differs, part = differs or not torch.equal(changed, part), changed
        if kind in recorder.kinds and torch.is_grad_enabled() and not part.requires_grad:
            part = part.detach().requires_grad_()
        value = heads.value[:, :, keys]
        of_part = part.to(value.dtype) @ value
        if kind in recorder.kinds:
            layer = RecordedLayer(label, kind, part, own.query, heads.key[:, :, keys], value, of_part, joined=name)
            recorded[kind] = layer = recorder.compose(layer)
            of_part = layer.mixed
        mixed = mixed + of_part
    return mixed if differs or any(kind in recorder.kinds for kind in kinds) else None


def _rows_of(heads: Heads, positions: Tensor) -> Heads:
    """The same attention of some queries only."""
    mask = heads.mask
    if mask is not None and mask.shape[-2] > 1:
        mask = mask[..., positions, :]
    return replace(heads, query=heads.query[:, :, positions], mask=mask)
