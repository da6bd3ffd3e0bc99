"""Long work on this machine, or side by side on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from vtviz.inputs import InputError

if TYPE_CHECKING:
    from vtviz.jobs.many import Many

ENGINES = ("local", "ray")
EngineName = Annotated[str, typer.Option("--engine", help="Where it is done: local, or ray for a Ray cluster.")]
RayAddress = Annotated[
    str, typer.Option("--address", help="Of the Ray cluster: auto finds one on this machine, local starts one.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="On Ray: how many work side by side; default: as many as there is room for.")
]
Threads = Annotated[int, typer.Option(min=1, help="On Ray: processor cores of each worker.")]
Gpus = Annotated[float, typer.Option(min=0, help="On Ray: GPUs of each worker, such as 0.5.")]


class Place(NamedTuple):
    """What the options say of where work is done."""

    engine: str
    address: str
    workers: int | None
    threads: int
    gpus: float


def place_of(engine: str, address: str, workers: int | None, threads: int, gpus: float) -> Place:
    """Where work is done. Raises InputError where there is no such engine."""
    if engine not in ENGINES:
        raise InputError("There is no engine {engine}; use {known}.", engine=engine, known=" or ".join(ENGINES))
    return Place(engine, address, workers, threads, gpus)


@contextmanager
def many_at(place: Place, device: str) -> Iterator[Many | None]:
    """How the steps of long work are done on Ray, on devices of the kind that ``device`` is here; None where they are
    done in this process.

    Raises:
        InputError: if Ray is not installed, or there is no cluster at the address.
    """
    if place.engine == "local":
        yield None
        return
    from vtviz.machine import choose_device
    from vtviz.serve.ray.cluster import cluster
    from vtviz.serve.ray.many import RayMany

    kind = choose_device(device).type
    with cluster(place.address):
        yield RayMany(kind, place.workers, place.threads, place.gpus)
