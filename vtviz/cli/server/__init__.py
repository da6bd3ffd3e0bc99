"""Commands for those who run a server: the app, the engine over HTTP, and who may sign in."""

from vtviz.cli.server import app, people, serve

__all__ = ["app", "people", "serve"]
