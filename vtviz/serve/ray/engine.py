"""The engine of a Ray Serve deployment, as an engine of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch
from ray import serve
from ray.exceptions import RayError
from ray.serve.config import AutoscalingConfig
from ray.serve.exceptions import BackPressureError, RayServeException
from ray.serve.handle import DeploymentHandle

from vtviz.engine.engine import Request, Status
from vtviz.engine.remote.frames import BrokenStream
from vtviz.engine.remote.streamed import EngineAway, StreamedEngine
from vtviz.engine.run_log import RunLog
from vtviz.engine.turns import Busy
from vtviz.serve.ray.cluster import cluster
from vtviz.serve.ray.replica import Replica
from vtviz.watch import Watch

Answer = TypeVar("Answer")
NAME = "vtviz"  # of the application
AT_ONCE = 32  # requests that a replica has at once, so that its engine can choose who is next
QUEUED = 256  # requests that wait for a replica
WANTED = 2  # requests of each replica, waiting or running, from which more replicas are begun
DRAINED = 120.0  # seconds that a replica has to end its requests once it is no longer needed


@dataclass(frozen=True)
class Replicas:
    """How many replicas there are, depending on how many requests wait, and what each has: a device as LocalEngine
    names it, threads of torch on the CPU, and a part of a GPU."""

    least: int = 1
    most: int = 4
    device: str = "auto"
    threads: int = 1
    gpus: float = 0.0


@contextmanager
def ray_engine(address: str, replicas: Replicas) -> Iterator[RayEngine]:
    """An engine of replicas on a cluster; they end with the ``with``, each once it has answered what it was asked.

    Raises:
        InputError: if Ray is not installed, or there is no cluster at the address.
    """
    with cluster(address):
        serve.start(proxy_location="Disabled")
        engine = RayEngine(serve.run(deployment(replicas), name=NAME, route_prefix=None), address)
        try:
            yield engine
        finally:
            engine.close()
            serve.delete(NAME)


def deployment(replicas: Replicas) -> Any:
    """The application of Ray Serve."""
    scaled = AutoscalingConfig(
        min_replicas=replicas.least,
        max_replicas=max(replicas.least, replicas.most),
        target_ongoing_requests=WANTED,
        upscale_delay_s=10.0,
        downscale_delay_s=300.0,
        look_back_period_s=20.0,
    )
    made = serve.deployment(Replica).options(
        autoscaling_config=scaled,
        max_ongoing_requests=AT_ONCE,
        max_queued_requests=QUEUED,
        graceful_shutdown_wait_loop_s=1.0,
        graceful_shutdown_timeout_s=DRAINED,
        ray_actor_options={"num_cpus": replicas.threads, "num_gpus": replicas.gpus},
    )
    return made.bind(replicas.device, replicas.threads)


class RayWire:
    """The way to the replicas of a deployment; Ray chooses one that keeps the model and has little to do."""

    def __init__(self, handle: DeploymentHandle, address: str) -> None:
        self.address, self._handle = f"ray {address}", handle

    @contextmanager
    def stream(self, path: str, body: bytes, who: str, request_id: str, model: str) -> Iterator[Iterator[bytes]]:
        """The bytes that a replica's door answers; leaving the ``with`` cancels the work."""
        handle = self._handle.options(stream=True, multiplexed_model_id=model)
        with self._reached():
            answers = handle.stream.remote(path, body, who, request_id)
            try:
                yield answers
            finally:
                answers.cancel()

    def said(self, path: str, body: bytes) -> bytes:
        """What the door of some replica says at once."""
        with self._reached():
            answer: bytes = self._handle.said.remote(path, body).result()
            return answer

    def close(self) -> None:
        """There are no connections."""

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Raises EngineAway where what is inside fails for the way, and Busy where too many requests wait."""
        try:
            yield
        except BackPressureError as error:
            raise Busy("Too many requests are waiting; try again in a moment.") from error
        except (RayError, RayServeException, BrokenStream, CancelledError) as error:
            raise EngineAway(
                "A replica of the engine on Ray was lost before it answered; ask again, or see the log of the cluster."
            ) from error


class RayEngine(StreamedEngine):
    """Sends requests to the replicas of a deployment."""

    def __init__(self, handle: DeploymentHandle, address: str) -> None:
        super().__init__(RayWire(handle, address), "cpu")
        self.runs = RunLog(torch.device("cpu"))

    def status(self) -> Status:
        """Some replica at this moment, and what all of them did lately."""
        return replace(super().status(), waiting=self.runs.waiting, runs=self.runs.entries())

    def _answer(
        self, path: str, request: Request[Answer], watch: Watch, begun: threading.Event | None = None
    ) -> Answer:
        asked = super()._answer
        if request.key is None:
            return asked(path, request, watch, begun)
        return self._logged(request, lambda: asked(path, request, watch, begun))

    def _answer_here(self, request: Request[Answer], watch: Watch | None) -> Answer:
        asked = super()._answer_here
        return asked(request, watch) if request.key is None else self._logged(request, lambda: asked(request, watch))

    def _logged(self, request: Request[Answer], run: Any) -> Answer:
        kind, method = type(request).__name__, getattr(request, "method", None) or ""
        with self.runs.asked():
            answer: Answer = self.runs.timed(kind, str(request.key), request.model, method, time.perf_counter(), run)
        return answer
