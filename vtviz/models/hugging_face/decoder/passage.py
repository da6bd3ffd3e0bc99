"""What the language model of a decoder reads at once."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Passage:
    """Sequences of a prompt, a photo and texts: ``vectors [n, T, width]``, of which ``mask [n, T]`` is 1 for real
    tokens, at ``positions [..., n, T]``.

    ``types [n, T]`` tell which tokens attend to those after them, None where none does. The photo stands at the indices
    ``spots [P]``; ``deeper [n, P, layers * width]`` is what its tokens get inside the language model too.
    """

    vectors: Tensor
    mask: Tensor
    positions: Tensor
    types: Tensor | None
    spots: Tensor
    deeper: Tensor

    def last(self) -> Passage:
        """The last token alone, for a network whose cache holds those before it."""
        return Passage(
            self.vectors[:, -1:], self.mask, self.positions[..., -1:], None, self.spots[:0], self.deeper[:, :0]
        )
