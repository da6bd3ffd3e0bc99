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

from vtviz.engine.remote.client import MOST_BODY
from vtviz.engine.remote.client import PREFIX as DOOR
from vtviz.serve.problems import problem

log = logging.getLogger("vtviz.serve")
MOST_BYTES = 64 * 2**20  # of a request
REQUEST_ID = "x-request-id"


def knows(headers: Headers, token: str) -> bool:
    """Whether a request carries the token, where one is needed."""
    sent = headers.get("authorization", "")
    return not token or hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())


def unknown() -> Response:
    """The answer to whom the server does not know."""
    return problem(401, "Send the token of this server.", {"WWW-Authenticate": "Bearer"})


class Guard:
    """Lets in who has the token, refuses what is too large, gives each request a name, and notes its time."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, began, read, status = Headers(scope=scope), time.perf_counter(), 0, 0
        most = MOST_BODY if scope["path"].startswith(f"{DOOR}/") else MOST_BYTES
        name = headers.get(REQUEST_ID) or uuid.uuid4().hex[:16]

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, f"A request may have {most // 2**20} MB at most.")
            return message

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = name
            await send(message)

        try:
            if knows(headers, self.token):
                await self.app(scope, counted, named)
            else:
                await unknown()(scope, receive, named)
        finally:
            spent = (time.perf_counter() - began) * 1000
            log.info("%s %s %s %d %.0f ms", name, scope["method"], scope["path"], status, spent)
