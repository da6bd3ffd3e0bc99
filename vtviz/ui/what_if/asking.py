"""What the engine is asked before and after changes, and how a map is chosen."""

from __future__ import annotations

from dataclasses import replace

from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, methods
from vtviz.engine.intervention import Intervention
from vtviz.engine.lens import ways_to_look
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.interventions import Intervene
from vtviz.engine.requests.model import ReadTarget
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, Abilities
from vtviz.models.registry import model_info
from vtviz.render.lens.view import WAYS
from vtviz.ui.ask.models import current_device
from vtviz.ui.ask.selection import selected
from vtviz.ui.frame.waiting import ask
from vtviz.ui.what_if.trials import Changes

FIRST = "moved"  # what foretells best


def request(image: ImageInput) -> Explain:
    """What is selected, as a request with the target alone; the method comes with the way to look.

    Raises:
        InputError, ModelError: as the engine does.
    """
    chosen, device = selected(), current_device()
    target = MATCH if chosen.target == MATCH.kind else ask(ReadTarget(chosen.target, chosen.model, device))
    return replace(chosen, method=None, options=Options()).request(image, target, device)


def ways(asked: Explain, chosen: str | None) -> dict[str, str]:
    """The quick methods by which a change can be looked at: the ways to look that a model has, and the chosen one."""
    info = model_info(asked.model)
    if info is None:
        return {}
    found = {**ways_to_look(info.abilities), "attention": "raw_attention"}
    usable = {way: found[way] for way in WAYS if way in found and _is_quick(found[way], info.abilities, asked)}
    if chosen in methods() and chosen not in usable.values() and _is_quick(str(chosen), info.abilities, asked):
        usable["attribution"] = str(chosen)
    return usable


def changed(asked: Explain, way: str | None, changes: Changes) -> Intervention:
    """What the model says before and after changes, with the maps of one method, which is all that is shown.

    Raises:
        InputError, ModelError: as the engine does.
    """
    return ask(Intervene(replace(asked, method=way), changes))


def _is_quick(name: str, abilities: Abilities, asked: Explain) -> bool:
    method = find_method(name)
    return not method.perturbs and method.supports(abilities, asked.target.kind) is None
