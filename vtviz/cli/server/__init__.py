"""Commands for those who run a server: the engine over HTTP, and who may sign in."""

from vtviz.cli.server import people, serve

__all__ = ["people", "serve"]
