"""Models behind one interface (``base``); ``register`` adds a family of your own."""

from vtviz.models.plugins import register

__all__ = ["register"]
