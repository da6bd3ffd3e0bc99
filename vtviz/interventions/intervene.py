"""The one call: changes, and what a model says before and after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.perturbation import encode
from vtviz.attribution.registry import usual_method
from vtviz.attribution.state import State, observe
from vtviz.inputs import ImageInput, InputError
from vtviz.interventions.changes import NETWORK, PHOTO, TEXT, Change, Drop
from vtviz.interventions.network import Layer, layers_in, layers_of, why_not, with_network
from vtviz.interventions.photo import changed_patches, changed_pixels
from vtviz.interventions.promise import Promise, promise
from vtviz.models.base import MATCH, Abilities, FusionModel, Target, TargetKind
from vtviz.watch import Watch


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a model says before and after changes, and what the map promised of them (None where it says nothing of what
    was taken away)."""

    changes: tuple[Change, ...]
    before: State
    after: State
    promise: Promise | None


def offered(abilities: Abilities, target: TargetKind) -> dict[str, InputError | None]:
    """Every kind of change by name, and why a model does not offer it for a target, or None where it does."""
    return {kind.__name__.lower(): why_not(kind, abilities, target) for kind in (*PHOTO, *TEXT, *NETWORK)}


def intervene(
    model: FusionModel,
    image: ImageInput,
    text: str,
    changes: Sequence[Change],
    target: Target = MATCH,
    method: str | None = None,
    options: Options | None = None,
    beside: Sequence[str] = (),
    features: Tensor | None = None,
    before: State | None = None,
    watch: Watch | None = None,
) -> Outcome:
    """What a model says of a photo and a text, and what it says after changes, which come one after the other.

    The model is left as it was found.

    Args:
        model: asked.
        image: the photo; it is encoded again only where a change is about it.
        text: about the photo.
        changes: of the photo, the text and the network.
        target: what is explained.
        method: by name; the model's default where None, or the cheapest other one if that does not support the target.
        options: the method's own defaults where None.
        beside: further methods, which explain the match.
        features: of the photo, ``[1, patches, channels]``, where they are known.
        before: what the model says without the changes, where it is known.
        watch: hears of the stages ``image_features``, ``forward`` and ``attribution``, and may cancel.

    Raises:
        InputError: if the text, the target, the method or an option is invalid, or the model does not offer a change.
        ModelError: if the score or the relevance holds something that is not a number.
        Cancelled: if the watch says so.
    """
    watch = watch or Watch()
    case = Case(model, image, [text], target, features)
    method = usual_method(model, target.kind).name if method is None else method
    if before is None:
        before = observe(case, method, options, beside, watch)
    if not changes:
        return Outcome((), before, before, None)
    layers: Sequence[Layer] = ()
    if any(isinstance(change, NETWORK) for change in changes):
        layers = layers_in(before.record) if target.kind == MATCH.kind else layers_of(case)
    after = observe(changed_case(case, changes, layers, watch), method, options, beside, watch)
    frame = model.frame(image)
    gone = changed_patches(changes, model.grid, frame)
    dropped = [change.place for change in changes if isinstance(change, Drop)]
    return Outcome(tuple(changes), before, after, promise(before, after, gone, dropped))


def changed_case(case: Case, changes: Sequence[Change], layers: Sequence[Layer], watch: Watch | None = None) -> Case:
    """The case after changes; ``layers`` are those that run for it, from which a change of the network chooses.

    Raises:
        InputError: if the model does not offer a change, or there is nothing that it names.
    """
    count = len(case.tokens[0].words)
    dropped = {change.place for change in changes if isinstance(change, Drop)}
    for place in dropped:
        if not 0 <= place < count:
            raise InputError(
                "There is no word {place}: word places start at 0 and stay below {count}.", place=place, count=count
            )
    if dropped:
        case = case.with_words([place for place in range(count) if place not in dropped])
    if any(isinstance(change, PHOTO) for change in changes):
        (watch or Watch()).enter("image_features")
        pixels = changed_pixels(case.pixels, changes, case.model.grid, case.frame)
        case = case.with_pixels(pixels, encode(case.model, pixels))
    return with_network(case, changes, layers)
