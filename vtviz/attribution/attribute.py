"""The one call for every attribution method."""

from __future__ import annotations

import torch

from vtviz.attribution.base import Relevance, complete
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, usual_method
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, FusionModel, Target
from vtviz.watch import Watch


def attribute(
    model: FusionModel,
    image: ImageInput,
    text: str,
    target: Target = MATCH,
    method: str | None = None,
    options: Options | None = None,
    watch: Watch | None = None,
) -> Relevance:
    """How much each piece of a text and each patch of a photo counts for a target (the match logit).

    Args:
        model: explained; its parameters take no gradients, and its state is left as it was found.
        image: the photo.
        text: about the photo.
        target: what is explained.
        method: by name; the model's default where None, or the cheapest other one if that does not support the target.
        options: the method's own defaults where None.
        watch: hears the progress and may cancel.

    Raises:
        InputError: if the text, the target, the method or an option is invalid.
        Cancelled: if the watch says so.
    """
    with torch.inference_mode(False):
        case = Case(model, image, [text], target)
    (relevance,) = attribute_case(case, method or usual_method(model, target.kind).name, options, watch)
    return relevance


def attribute_case(
    case: Case, method: str, options: Options | None = None, watch: Watch | None = None
) -> list[Relevance]:
    """The relevance for each text of a case; several methods on one case share its passes.

    Raises:
        InputError: if the method is not defined for the model and target, or an option is not one it can take.
        Cancelled: if the watch says so.
    """
    chosen = find_method(method)
    reason = chosen.supports(case.model.abilities, case.target.kind)
    if reason:
        raise reason
    with torch.inference_mode(False), torch.enable_grad():  # whatever mode the caller is in
        return chosen.attribute(case, complete(chosen, options or Options()), watch or Watch())
