"""The one call for every attribution method."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from vtviz.attribution.base import Relevance, complete
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, usual_method
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, FusionModel, Target, for_photo
from vtviz.watch import Watch

TEXTS = 32  # that are explained together; more make it no faster, and take memory


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
        case = Case(for_photo(model, image), image, [text], target)
    (relevance,) = attribute_case(case, method or usual_method(model, target.kind).name, options, watch)
    return relevance


def attribute_many(
    model: FusionModel,
    image: ImageInput,
    texts: Sequence[str],
    target: Target = MATCH,
    method: str | None = None,
    options: Options | None = None,
    watch: Watch | None = None,
) -> list[Relevance]:
    """What ``attribute`` gives for each of several texts about one photo, up to rounding.

    What does not depend on the text is computed once for ``TEXTS`` of them: the photo's features, and the image tower
    of a dual encoder with all that Grad-ECLIP, LeGrad and relevancy read of it. Raises as ``attribute`` does.
    """
    with torch.inference_mode(False):
        case = Case(for_photo(model, image), image, texts[:1], target)
    return attribute_texts(case, texts, method or usual_method(model, target.kind).name, options, watch)


def attribute_texts(
    case: Case, texts: Sequence[str], method: str, options: Options | None = None, watch: Watch | None = None
) -> list[Relevance]:
    """The relevance for each of other texts about the photo of a case. Raises as ``attribute_case`` does, and
    InputError where a text holds nothing to read."""
    found = list[Relevance]()
    for first in range(0, len(texts), TEXTS):
        with torch.inference_mode(False):
            part = case.with_texts(texts[first : first + TEXTS])
        found += attribute_case(part, method, options, watch)
    return found


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
