"""The commands of search and recommendation."""

from vtviz.cli.search import commands

__all__ = ["commands"]
