"""Who may ask, how much may be sent, and what the log says of it: no texts, no photos."""

from __future__ import annotations

import hmac
import logging
import re
import time
from inspect import isroutine

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vtviz.engine.remote.client import MOST_BODY, REQUEST_ID
from vtviz.engine.turns import QUEUE, SLOW_QUEUE
from vtviz.logs import new_id, note
from vtviz.serve.problems import busy, failed, problem
from vtviz.watch import Watch, watching

log = logging.getLogger("vtviz.serve")
MOST_BYTES = 64 * 2**20  # of a request
INSIDE = QUEUE + SLOW_QUEUE  # requests of programs at once, as many as the engine takes
FOREIGN = "A page of another website sent this; send it from a program, or from a page of this server."
DOOR = "/engine/"  # where the apps of vtviz ask, which wait and are counted there
USABLE = re.compile(r"[A-Za-z0-9_.-]{1,64}")  # names of requests that are taken over
ASIDE = ("/healthz", "/readyz", "/metrics", "/_stcore/health", "/*")  # asked so often that only their failures count


def knows(headers: Headers, token: str) -> bool:
    """Whether a request carries the token, where one is needed."""
    sent = headers.get("authorization", "")
    return not token or hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())


def unknown() -> Response:
    """The answer to whom the server does not know."""
    return problem(401, "Send the token of this server.", {"WWW-Authenticate": "Bearer"})


class Named:
    """Gives each request a name, which its answer and every line of the log about it carry, and notes its time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, answered = time.perf_counter(), 0, False
        sent = Headers(scope=scope).get(REQUEST_ID, "")
        name = sent if USABLE.fullmatch(sent) else new_id()

        async def named(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = name
            await send(message)
            answered = message["type"] == "http.response.body" and not message.get("more_body", False)

        with watching(Watch(request_id=name)):
            try:
                await self.app(scope, receive, named)
            except Exception:
                if not status:
                    log.exception("A request failed")
                    await failed()(scope, receive, named)
                elif not answered:
                    raise
            finally:
                route, spent = _route(scope), round((time.perf_counter() - began) * 1000, 1)
                level = logging.DEBUG if route in ASIDE and status < 400 else logging.INFO
                about = {"method": scope["method"], "route": route, "status": status or None, "duration_ms": spent}
                note(log, "request", about, level)


def is_foreign(scope: Scope, headers: Headers) -> bool:
    """Whether a browser sends a request for a page of another website, which need not ask before it sends a form. To
    follow a link to here is no such request."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        followed = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        return site not in ("same-origin", "none") and not followed
    return origin is not None and origin.partition("://")[2] != headers.get("host")


class Guard:
    """Lets in who has the token, or where none is needed no page of another website; no more at once than are answered;
    and nothing that is too large."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token, self._inside = app, token, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, read, inner = Headers(scope=scope), 0, _path(scope).startswith(DOOR)
        most = MOST_BODY if inner else MOST_BYTES

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, f"A request may have {most // 2**20} MB at most.")
            return message

        if not knows(headers, self.token):
            await unknown()(scope, receive, send)
        elif not self.token and is_foreign(scope, headers):
            await problem(403, FOREIGN)(scope, receive, send)
        elif scope["method"] != "POST" or inner:
            await self.app(scope, counted, send)
        elif self._inside >= INSIDE:  # before its body is read
            await busy("Too many requests are waiting; try again in a moment.")(scope, receive, send)
        else:
            self._inside += 1
            try:
                await self.app(scope, counted, send)
            finally:
                self._inside -= 1


def _path(scope: Scope) -> str:
    """Where a request goes in this application, which is mounted in another."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _route(scope: Scope) -> str:
    """The route of a request that was answered, such as ``/v1/audits/{number}``. Of a path that leads to no route, the
    log tells only where it was sought: people may write anything there."""
    root, path = scope.get("root_path", ""), _path(scope)
    if not isroutine(scope.get("endpoint")):
        return f"{root}/*"
    for name, value in scope.get("path_params", {}).items():
        path = re.sub(rf"/{re.escape(str(value))}(?=/|$)", f"/{{{name}}}", path, count=1)
    return f"{root}{path}"
