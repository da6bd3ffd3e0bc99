"""Measures in the chosen language."""

from __future__ import annotations
