"""Long work: begun, followed, cancelled, gone on with, and deleted, alike for all kinds of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from vtviz.jobs.background import Jobs
from vtviz.jobs.history import OPEN, Entry, State

Number = Annotated[int, Path(ge=1, le=2**53, description="The id of the job.")]
NONE: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such job."}}
LOOK = 0.5  # seconds between two looks at a job that somebody follows
PATIENCE = 10.0  # seconds in which a job that is deleted has to end


class Done(BaseModel):
    """How far a job is: ``done`` of the ``total`` steps of a ``stage``, and how many of them ``failed``."""

    stage: str
    done: int
    total: int
    failed: int
    seconds_left: float | None


class JobState(BaseModel):
    """A job; ``progress`` is null where it waits or is over."""

    id: int
    name: str
    created: float = Field(description="Seconds since 1970.")
    state: State
    error: str
    progress: Done | None


def state_of(jobs: Jobs, entry: Entry) -> JobState:
    """A job at this moment."""
    now = jobs.progress(entry.id)
    progress = None if now is None else Done(**{name: getattr(now, name) for name in Done.model_fields})
    return JobState(
        id=entry.id, name=entry.name, created=entry.created, state=entry.state, error=entry.error, progress=progress
    )


def found(jobs: Jobs, number: int) -> Entry:
    """A job by its id. Raises HTTPException where there is none."""
    entry = jobs.history.get(number)
    if entry is None:
        raise HTTPException(404, f"There is no job {number} of this kind.")
    return entry


def finished(jobs: Jobs, number: int) -> Entry:
    """A job that is done. Raises HTTPException where it is not."""
    entry = found(jobs, number)
    if entry.state != "done":
        raise HTTPException(409, f"Job {number} has no result: it is {entry.state}.")
    return entry


def begun(jobs: Jobs, entry: Entry, request: Request, response: Response) -> JobState:
    """The answer to a request that began a job."""
    response.headers["location"] = f"{request.url.path.rstrip('/')}/{entry.id}"
    return state_of(jobs, entry)


def job_routes(path: str, own_jobs: Callable[[], Jobs]) -> APIRouter:
    """What can be done with the jobs of a kind once they are begun."""
    router = APIRouter(prefix=path)

    @router.get("")
    def listed() -> list[JobState]:
        """All jobs of this kind, newest first."""
        jobs = own_jobs()
        return [state_of(jobs, entry) for entry in jobs.history.all()]

    @router.get("/{number}", responses=NONE)
    def state(number: Number) -> JobState:
        """How far a job is."""
        jobs = own_jobs()
        return state_of(jobs, found(jobs, number))

    @router.get("/{number}/events", responses={**NONE, 200: {"content": {"text/event-stream": {}}}})
    async def events(number: Number) -> StreamingResponse:
        """The same whenever it changes, as server-sent events, until the job is over."""
        jobs = await run_in_threadpool(own_jobs)
        await run_in_threadpool(found, jobs, number)

        async def told() -> AsyncIterator[bytes]:
            last = b""
            while (entry := await run_in_threadpool(jobs.history.get, number)) is not None:
                now = state_of(jobs, entry).model_dump_json().encode()
                if now != last:
                    yield b"data: " + now + b"\n\n"
                    last = now
                if entry.state not in OPEN:
                    return
                await asyncio.sleep(LOOK)

        return StreamingResponse(told(), media_type="text/event-stream")

    @router.post("/{number}/cancel", status_code=202, responses=NONE)
    def cancel(number: Number) -> JobState:
        """Cancel a job after the step that runs now; what was made stays."""
        jobs = own_jobs()
        found(jobs, number)
        jobs.cancel(number)
        return state_of(jobs, found(jobs, number))

    @router.post("/{number}/resume", status_code=202, responses=NONE)
    def resume(number: Number) -> JobState:
        """Let a job that was cancelled, interrupted or failed go on where it stopped."""
        jobs = own_jobs()
        jobs.go_on(found(jobs, number))
        return state_of(jobs, found(jobs, number))

    @router.delete("/{number}", status_code=204, responses={**NONE, 409: {"description": "It has not stopped yet."}})
    async def delete(number: Number) -> None:
        """Delete a job with all its files; one that runs is cancelled first."""
        jobs = await run_in_threadpool(own_jobs)
        entry = await run_in_threadpool(found, jobs, number)
        jobs.cancel(number)
        for _ in range(int(PATIENCE / LOOK)):
            await run_in_threadpool(jobs.remove, entry)
            if await run_in_threadpool(jobs.history.get, number) is None:
                return
            await asyncio.sleep(LOOK)
        raise HTTPException(409, f"Job {number} has not stopped yet; delete it again in a moment.")

    return router
