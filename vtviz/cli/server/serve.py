"""Serve the engine over HTTP."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from vtviz.cli.common import Device, app
from vtviz.inputs import InputError
from vtviz.models.registry import DEFAULT_MODEL

PAGES = "vtviz.ui.frame.served:app"  # by name: the command line lies below the pages
GRACE = 8  # seconds that running requests get on SIGTERM


@app.command()
def serve(
    address: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8600,
    device: Device = "auto",
    pages: Annotated[bool, typer.Option("--pages", help="Serve the app too, in the same process.")] = False,
    models: Annotated[int, typer.Option(min=1, help="Number of models kept in memory.")] = 2,
) -> None:
    """Serve the engine over HTTP: an API for programs under /v1, and the engine of apps that set VTVIZ_ENGINE."""
    import uvicorn

    from vtviz.engine.local import LocalEngine
    from vtviz.engine.remote.choose import ADDRESS, TOKEN, give_engine
    from vtviz.engine.requests.model import LoadModel
    from vtviz.machine import LOOPBACK
    from vtviz.serve.server import Server

    local, token = address in LOOPBACK, os.environ.get(TOKEN, "").strip()
    if not local and not token and os.environ.get("VTVIZ_OPEN") != "1":
        raise InputError(
            "Whoever reaches {address} could use this engine; set {variable} to a token, or VTVIZ_OPEN=1 to let "
            "everybody in.",
            address=address,
            variable=TOKEN,
        )
    os.environ.pop(ADDRESS, None)  # this is the engine
    engine = LocalEngine(device, models)
    engine.ask(LoadModel(DEFAULT_MODEL))  # ready before it is reached
    place = f"http://{address}:{port}"
    typer.echo(f"{place}/v1/docs describes the API." + (f" Pages: {place}" if pages else ""))
    options: dict[str, Any] = {
        "host": address,
        "port": port,
        "log_level": "warning",
        "timeout_graceful_shutdown": GRACE,
    }
    try:
        if pages:
            give_engine(engine)
            os.environ.update(STREAMLIT_SERVER_ADDRESS=address, STREAMLIT_SERVER_PORT=str(port))
            uvicorn.run(PAGES, factory=True, **options)
        else:
            uvicorn.run(Server(engine, token, local).app(), **options)
    finally:
        engine.close()
