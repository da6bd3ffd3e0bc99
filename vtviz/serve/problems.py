"""Errors as programs expect them: problem+json (RFC 9457), with the sentence for people as ``detail``."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from vtviz.engine.turns import Busy
from vtviz.errors import UserError
from vtviz.inputs import InputError
from vtviz.watch import Cancelled

FIELDS = {"type": "string", "title": "string", "status": "integer", "detail": "string"}
_SAID = {"type": "object", "properties": {name: {"type": kind} for name, kind in FIELDS.items()}, "required": [*FIELDS]}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": meaning, "content": {"application/problem+json": {"schema": _SAID}}}
    for status, meaning in {
        401: "The server's token is missing.",
        403: "A page of another website asks a server that needs no token.",
        413: "The photo or the request is too large.",
        422: "What was sent cannot be used; `detail` says why.",
        429: "Too many requests are waiting; ask again after `Retry-After` seconds.",
        503: "The model cannot be loaded, or the request was cancelled.",
    }.items()
}
log = logging.getLogger("vtviz")
RETRY_AFTER = "2"  # seconds


class Large(InputError):
    """A request is larger than it may be."""


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem of this status."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def busy(detail: str) -> JSONResponse:
    """The problem that too many requests are on their way."""
    return problem(429, detail, {"Retry-After": RETRY_AFTER})


def failed() -> JSONResponse:
    """The problem of an error that is nobody's business."""
    return problem(500, "The engine failed; its log says why.")


def add_problems(api: FastAPI) -> None:
    """Every error of an API becomes a problem."""

    @api.exception_handler(UserError)
    async def for_people(_: Request, error: UserError) -> JSONResponse:
        if isinstance(error, Busy):
            return busy(str(error))
        if isinstance(error, Large):
            return problem(413, str(error))
        return problem(422 if isinstance(error, InputError) else 503, str(error))

    @api.exception_handler(RequestValidationError)
    async def of_form(_: Request, error: RequestValidationError) -> JSONResponse:
        said = "; ".join(f"{'.'.join(str(part) for part in each['loc'][1:])}: {each['msg']}" for each in error.errors())
        return problem(422, said)

    @api.exception_handler(msgspec.MsgspecError)
    async def of_message(_: Request, error: msgspec.MsgspecError) -> JSONResponse:
        return problem(422, "This is not a vtviz request.")

    @api.exception_handler(Cancelled)
    async def cancelled(_: Request, error: Cancelled) -> JSONResponse:
        return problem(503, "The request was cancelled.")

    @api.exception_handler(HTTPException)
    async def of_http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), dict(error.headers or {}))

    @api.exception_handler(Exception)
    async def unknown(_: Request, error: Exception) -> JSONResponse:
        log.exception("A request failed", exc_info=error)
        return failed()
