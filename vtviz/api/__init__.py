"""The Python API: ``from vtviz import load, explain, intervene, audit``. What it gives back keeps its names."""

from vtviz.api.explanation import Explanation
from vtviz.api.intervention import Intervention
from vtviz.api.model import Model, audit, explain, intervene, load
from vtviz.api.photos import Photo
from vtviz.api.report import Report
from vtviz.api.texts import TextMaps
from vtviz.inputs import InputError
from vtviz.interventions.changes import Change, Cut, Drop, Hide, Move, Only, Push, Without
from vtviz.models.base import ModelError

__all__ = [
    "Change",
    "Cut",
    "Drop",
    "Explanation",
    "Hide",
    "InputError",
    "Intervention",
    "Model",
    "ModelError",
    "Move",
    "Only",
    "Photo",
    "Push",
    "Report",
    "TextMaps",
    "Without",
    "audit",
    "explain",
    "intervene",
    "load",
]
