"""Integrated gradients of words and patches together."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from vtviz.attribution.base import Details, Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import of_text, peak_of
from vtviz.attribution.options import Choice, Options, choices
from vtviz.attribution.perturbation import blank
from vtviz.attribution.watch import Count, Watch
from vtviz.inputs import Tokens
from vtviz.models.base import EncodedText

BATCH = 10  # points of the path at a time


class IntegratedGradients(Method):
    """(x − x') ∫ ∂target/∂x along the straight path from the baseline x' to the input x, words and photo together.

    The baseline of the text is padding in place of every piece, that of the photo the features of a photo of its mean
    colour. The relevances of all pieces and patches sum to the target's change (completeness); what is left of it after
    ``samples`` steps is ``Details.delta``. One map stands for the whole text.
    """

    name = "integrated_gradients"
    label = "Integrated gradients"
    formula = "(x − x′) · ∫ ∂f/∂x along x′ → x"
    paper = "Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, ICML 2017 (Captum)"
    cost = "S F + S B"
    signed = True
    maps_of = "text"
    perturbs = True
    options = choices(samples=Choice(50, 2, 1000))

    def passes(self, tokens: Tokens, grid: tuple[int, int], options: Options) -> int:
        return 2 * (options.samples or 0)

    def attribute(self, case: Case, options: Options, watch: Watch) -> list[Relevance]:
        steps = options.samples or 0
        count, total = len(case.tokens), 2 * steps * len(case.tokens)
        with torch.inference_mode():
            grey = case.model.encode_pixels(blank(case.pixels))
        passes, found = Count(watch, total), []
        for index in range(count):
            found.append(self._one(case, index, steps, grey.clone(), passes))
            passes.add(2 * steps * (index + 1) - passes.done)
        return found

    def _one(self, case: Case, index: int, steps: int, grey: Tensor, passes: Count) -> Relevance:
        from captum.attr import LayerIntegratedGradients

        model, text, photo = case.model, case.text_of(index), nn.Identity()
        embedding = model.embedding(case.target)
        real = int(text.mask.sum())
        ids, mask = text.ids[:, :real], text.mask[:, :real]

        def run(some: Tensor, features: Tensor) -> Tensor:
            passes.add(len(some), pause=False)  # Captum's hooks hold the model
            return model.score(photo(features), EncodedText(some, mask.expand(len(some), -1)), case.scored).float()

        padded = ids.clone()
        read = torch.zeros(ids.shape[1], dtype=torch.bool, device=ids.device)
        read[model.text_offset : model.text_offset + int(case.pieces(torch.ones(real), index).sum())] = True
        padded[:, read] = model.pad_id
        with hooks_restored(embedding), torch.enable_grad(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Multiple layers provided")  # neither reads the other
            (words, patches), delta = LayerIntegratedGradients(run, [embedding, photo]).attribute(
                (ids, case.features.clone()),
                (padded, grey),
                n_steps=steps,
                internal_batch_size=BATCH,
                return_convergence_delta=True,
            )
            with torch.no_grad():
                value, baseline = float(run(ids, case.features)), float(run(padded, grey))
        tokens = case.pieces(words.sum(dim=-1)[0], index)
        image = patches.sum(dim=-1)[0]
        details = Details(value, baseline, -float(delta.sum()), peak_of(image))
        return of_text(image, tokens, model.grid, details=details)


@contextmanager
def hooks_restored(module: nn.Module) -> Iterator[None]:
    """Leaves the hooks of a module as they were, also where Captum fails between setting and removing one."""
    hooks, before = dict(module._forward_hooks), dict(module._forward_pre_hooks)
    try:
        yield
    finally:
        for own, kept in ((module._forward_hooks, hooks), (module._forward_pre_hooks, before)):
            for key in own.keys() - kept.keys():
                del own[key]


METHOD = IntegratedGradients()
