"""Commands that explain a photo and a text, and what changes when they or the model change."""

from vtviz.cli.explanations import explain, intervene, mechanism

__all__ = ["explain", "intervene", "mechanism"]
