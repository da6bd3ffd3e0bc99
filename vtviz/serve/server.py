"""The server: the door, the API, health and figures, behind a token where the machine is open to a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

import vtviz
from vtviz.engine.engine import LoggedEngine
from vtviz.jobs.limits import given_limits
from vtviz.machine import LOOPBACK
from vtviz.models.folders import need_offered, need_open
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.serve.api.desk import Desk
from vtviz.serve.api.own import Own
from vtviz.serve.api.routes import api_routes
from vtviz.serve.described import description_route
from vtviz.serve.door import Door, door_routes
from vtviz.serve.guard import Guard, Named, knows, unknown
from vtviz.serve.problems import add_problems

PREFIX = "/v1"
ABOUT = "Explain vision-text models: maps of words over photos, scores, captions and answers."


class Server:
    """What serves an engine over HTTP.

    Args:
        engine: answers everything.
        token: what every request must carry as ``Authorization: Bearer``; "" where none is needed.
        local: whether only this machine reaches the server. Then it answers to the names of this machine alone, lest a
            foreign page gives it a name of its own; otherwise it opens and fetches no models but those that it offers.
    """

    def __init__(self, engine: LoggedEngine, token: str = "", local: bool = True) -> None:
        check_model = partial(_need_own, local=local)
        self.engine, self.token, self.door = engine, token, Door(engine, check_model)
        self._probes = ThreadPoolExecutor(2, thread_name_prefix="vtviz-probe")  # which no other request keeps waiting
        # Without the library's pages of documentation, which load scripts from elsewhere.
        self.api = FastAPI(title="vtviz", version=vtviz.__version__, description=ABOUT, docs_url=None, redoc_url=None)
        add_problems(self.api)
        self.api.include_router(door_routes(self.door))
        self.own = Own(engine, None if local else given_limits())
        self.desk = Desk(engine, check_model, names_people=bool(token))
        self.api.include_router(api_routes(self.desk, self.own))
        self.api.include_router(description_route(self.api, PREFIX))
        self.api.add_middleware(Guard, token=token)
        if local:
            self.api.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "[::1]"])

    def close(self) -> None:
        """Takes no more requests and stops its jobs, which can go on later; the engine itself goes on."""
        self.door.close()
        self.desk.close()
        self._probes.shutdown(wait=False, cancel_futures=True)
        self.own.close()

    def routes(self) -> list[BaseRoute]:
        """All routes, also for a server that has pages besides; it lets ``Named`` name their requests."""
        return [
            Mount(PREFIX, self.api),
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
        ]

    def app(self) -> Starlette:
        """A server without pages."""

        @asynccontextmanager
        async def life(_: Starlette) -> AsyncIterator[None]:
            yield
            self.close()

        return Starlette(routes=self.routes(), middleware=[Middleware(Named)], lifespan=life)

    async def _healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def _readyz(self, _: Request) -> Response:
        loop = asyncio.get_running_loop()
        ready = await loop.run_in_executor(self._probes, self.engine.is_loaded, DEFAULT_MODEL)
        return JSONResponse({"ready": ready, "model": DEFAULT_MODEL}, 200 if ready else 503)

    async def _metrics(self, request: Request) -> Response:
        if not knows(request.headers, self.token):
            return unknown()
        registry: CollectorRegistry = self.engine.runs.registry
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _need_own(name: str, local: bool) -> None:
    """Refuses names of models that this server does not open or fetch. Raises ModelError."""
    need_open(name, local)
    need_offered(name, local)
