"""Who may ask, how much may be sent, and what the log says of it: no texts, no photos."""

from __future__ import annotations

import hmac
import logging
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vtviz.engine.turns import QUEUE, SLOW_QUEUE
from vtviz.serve.problems import busy, problem

log = logging.getLogger("vtviz.serve")
MOST_BYTES = 64 * 2**20  # of a request
INSIDE = QUEUE + SLOW_QUEUE  # requests of programs at once, as many as the engine takes
DOOR = "/engine/"  # where the apps of vtviz ask, which wait and are counted there
REQUEST_ID = "x-request-id"


def knows(headers: Headers, token: str) -> bool:
    """Whether a request carries the token, where one is needed."""
    sent = headers.get("authorization", "")
    return not token or hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())


def unknown() -> Response:
    """The answer to whom the server does not know."""
    return problem(401, "Send the token of this server.", {"WWW-Authenticate": "Bearer"})


class Guard:
    """Lets in who has the token, and no more at once than are answered; refuses what is too large, gives each request a
    name, and notes its time."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token, self._inside = app, token, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, began, read, status = Headers(scope=scope), time.perf_counter(), 0, 0
        name = headers.get(REQUEST_ID) or uuid.uuid4().hex[:16]

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BYTES:
                raise HTTPException(413, f"A request may have {MOST_BYTES // 2**20} MB at most.")
            return message

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = name
            await send(message)

        try:
            if not knows(headers, self.token):
                await unknown()(scope, receive, named)
            elif scope["method"] != "POST" or _path(scope).startswith(DOOR):
                await self.app(scope, counted, named)
            elif self._inside >= INSIDE:  # before its body is read
                await busy("Too many requests are waiting; try again in a moment.")(scope, receive, named)
            else:
                self._inside += 1
                try:
                    await self.app(scope, counted, named)
                finally:
                    self._inside -= 1
        finally:
            spent = (time.perf_counter() - began) * 1000
            log.info("%s %s %s %d %.0f ms", name, scope["method"], scope["path"], status, spent)


def _path(scope: Scope) -> str:
    """Where a request goes in this application, which is mounted in another."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
