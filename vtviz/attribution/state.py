"""What a model says of one photo and text: its score, its attention, and the relevance that methods find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case, ForwardPass
from vtviz.attribution.maps import chosen_layer
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method
from vtviz.attribution.words.alone import with_words_alone
from vtviz.inputs import Tokens
from vtviz.machine import synchronise
from vtviz.models.base import MATCH, as_score
from vtviz.models.finite import need_numbers
from vtviz.models.record import AttentionLayer, AttentionRecord
from vtviz.models.verdict import names_something
from vtviz.watch import Watch


@dataclass(frozen=True, eq=False)
class State:
    """What a model says of a case of one text.

    ``value`` is the target; ``score`` is the match as it is shown; ``judged_score`` that of the words that the model
    knows, on which a verdict is given, or None where they name nothing; ``unknown`` are the indices of the others.
    ``relevance`` is what the method found for the target, ``beside`` what further methods found for the match, and
    ``record`` the attention of the match.
    """

    tokens: Tokens
    unknown: tuple[int, ...]
    value: float
    score: float
    judged_score: float | None
    relevance: Relevance
    beside: Mapping[str, Relevance]
    record: AttentionRecord


def observe(
    case: Case,
    method: str,
    options: Options | None = None,
    beside: Sequence[str] = (),
    watch: Watch | None = None,
    alone: bool = False,
) -> State:
    """The state of a case; ``watch`` hears of the stages ``forward`` and ``attribution``. With ``alone``, each word has
    the map that it has as a text of its own.

    Raises:
        InputError: if the method or an option is not one that the model can take.
        ModelError: if the score or the relevance holds something that is not a number.
        Cancelled: if the watch says so.
    """
    watch, options, model = watch or Watch(), options or Options(), case.model
    watch.enter("forward")
    match = case.for_target(MATCH)
    differentiated = case is match and find_method(method).needs_gradient
    differentiated |= any(find_method(name).needs_gradient for name in beside)
    forward = match.forward(gradient=differentiated)
    if "text→image" in model.abilities.kinds[MATCH.kind]:
        chosen_layer(forward, Options(options.layer, options.head))
    synchronise(model.device)
    need_numbers(forward.values.detach())
    watch.enter("attribution")
    (relevance,) = attribute_case(case, method, options, watch)
    if alone:
        relevance = with_words_alone(case, relevance, find_method(method), options, watch)
    others = {name: attribute_case(match, name, None, watch)[0] for name in beside}
    for made in (relevance, *others.values()):
        for values in (made.tokens, made.image, made.maps):
            need_numbers(values)
    synchronise(model.device)
    tokens = match.tokens[0]
    unknown = model.unknown_words([word.text for word in tokens.words])
    score = float(as_score(forward.values.detach(), model.score_kind))
    value = float(case.forward(False, ()).values.detach())
    judged = _judged(match, unknown, score)
    return State(tokens, unknown, value, score, judged, relevance, others, _record(forward))


def _judged(match: Case, unknown: Sequence[int], score: float) -> float | None:
    """The match of a text without the words that the model does not know, or None where the rest names nothing.

    ``score`` is that of the whole text.
    """
    tokens, model = match.tokens[0], match.model
    if not names_something([word.text for word in tokens.words], unknown):
        return None
    if not unknown or model.bounds is None:
        return score
    known = match.with_words([index for index in range(len(tokens.words)) if index not in unknown])
    return float(as_score(known.values(), model.score_kind))


def _record(forward: ForwardPass) -> AttentionRecord:
    """The attention of the first text of a pass, off the graph and the device."""
    return AttentionRecord(
        tuple(
            AttentionLayer(layer.name, layer.kind, layer.weights.detach()[0].float().cpu())
            for layer in forward.attention.layers
        )
    )
