"""Gradient × input: the first-order effect of the word vectors and of the photo's features."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from vtviz.attribution.base import AND_GRADIENT, Details, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import of_text, peak_of
from vtviz.attribution.options import Options
from vtviz.watch import Watch


class GradientInput(Method):
    """Σ_c x_c · ∂target/∂x_c for the vector x of each piece and for the features x of each patch.

    One map stands for the whole text: the photo's features are shared by all pieces. The features of a patch are those
    that the model keeps of a photo, not its pixels.
    """

    name = "gradient_input"
    label = "Gradient × input"
    formula = "Σ_c x_c · ∂f/∂x_c"
    paper = "Shrikumar et al., Not Just a Black Box: Learning Important Features, 2016; Ancona et al., ICLR 2018"
    cost = AND_GRADIENT
    signed = True
    maps_of = "text"

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        model, count = case.model, len(case.tokens)
        with torch.enable_grad(), embedded(model.embedding(case.target)) as vectors:
            features = case.features.clone().repeat(count, 1, 1).requires_grad_()
            values = case.score(features, case.text)
            of_words, of_photo = torch.autograd.grad(values.sum(), [vectors[0], features])
        words, photo = (vectors[0].detach() * of_words).sum(dim=-1), (features.detach() * of_photo).sum(dim=-1)
        relevances = []
        for index in range(count):
            tokens = case.pieces(words[index], index)
            details = Details(value=float(values[index].detach()), image_unit=peak_of(photo[index]))
            relevances.append(of_text(photo[index], tokens, model.grid, details=details))
        return relevances


@contextmanager
def embedded(module: nn.Module, replacement: Tensor | None = None) -> Iterator[list[Tensor]]:
    """The outputs of a module in this thread inside the ``with``, each of which takes a gradient; or ``replacement``
    instead of them. Afterwards the module is as it was."""
    outputs: list[Tensor] = []
    owner = threading.get_ident()

    def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        if threading.get_ident() != owner:
            return output
        outputs.append(output.detach().requires_grad_() if replacement is None else replacement)
        return outputs[-1].clone()  # some networks add to it in place

    handle = module.register_forward_hook(keep)
    try:
        yield outputs
    finally:
        handle.remove()


METHOD = GradientInput()
