"""Serve the engine over HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from vtviz.cli.common import Device, app
from vtviz.inputs import InputError
from vtviz.models.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from vtviz.engine.engine import LoggedEngine

PAGES = "vtviz.ui.frame.served:app"  # by name: the command line lies below the pages
GRACE = 8  # seconds that running requests get on SIGTERM


@app.command()
def serve(
    address: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8600,
    device: Device = "auto",
    pages: Annotated[bool, typer.Option("--pages", help="Serve the app too, in the same process.")] = False,
    models: Annotated[int, typer.Option(min=1, help="Number of models kept in memory.")] = 2,
    ray: Annotated[
        str | None,
        typer.Option(help="Run the engine as replicas on this Ray cluster: its address, auto, or local to start one."),
    ] = None,
    replicas: Annotated[int, typer.Option(min=1, help="On Ray: replicas that there are at least.")] = 1,
    most_replicas: Annotated[int, typer.Option(min=1, help="On Ray: replicas when many requests wait.")] = 4,
    threads: Annotated[int, typer.Option(min=1, help="On Ray: processor cores of each replica.")] = 1,
    gpus: Annotated[float, typer.Option(min=0, help="On Ray: GPUs of each replica, such as 0.5.")] = 0.0,
) -> None:
    """Serve the engine over HTTP: an API for programs under /v1, and the engine of apps that set VTVIZ_ENGINE."""
    import uvicorn

    from vtviz.engine.remote.choose import ADDRESS, TOKEN, give_engine
    from vtviz.logs import log_as_json
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
    log_as_json()
    with _engine(ray, Wanted(device, models, replicas, most_replicas, threads, gpus)) as engine:
        place = f"http://{address}:{port}"
        typer.echo(f"{place}/v1/docs describes the API." + (f" Pages: {place}" if pages else ""))
        options: dict[str, Any] = {
            "host": address,
            "port": port,
            "log_level": "warning",
            "log_config": None,  # as the rest of the log
            "timeout_graceful_shutdown": GRACE,
        }
        if pages:
            give_engine(engine)
            os.environ.update(STREAMLIT_SERVER_ADDRESS=address, STREAMLIT_SERVER_PORT=str(port))
            uvicorn.run(PAGES, factory=True, **options)
        else:
            uvicorn.run(Server(engine, token, local).app(), **options)


class Wanted(NamedTuple):
    """What the options say of the engine."""

    device: str
    models: int
    replicas: int
    most_replicas: int
    threads: int
    gpus: float


@contextmanager
def _engine(ray: str | None, wanted: Wanted) -> Iterator[LoggedEngine]:
    """The engine, once it has loaded the default model."""
    if ray is not None:
        from vtviz.serve.ray.cluster import need_ray

        need_ray()
        from vtviz.serve.ray.engine import Replicas, ray_engine

        size = Replicas(wanted.replicas, wanted.most_replicas, wanted.device, wanted.threads, wanted.gpus)
        with ray_engine(ray, size) as replicated:
            yield replicated
        return
    from vtviz.engine.local import LocalEngine
    from vtviz.engine.requests.model import LoadModel

    engine = LocalEngine(wanted.device, wanted.models)
    try:
        engine.ask(LoadModel(DEFAULT_MODEL))
        yield engine
    finally:
        engine.close()
