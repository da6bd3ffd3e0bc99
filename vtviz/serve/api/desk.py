"""What the routes share: the way to the engine, the photos in uploads, and the fields that most requests have."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import File, Form, Request, UploadFile
from starlette.concurrency import run_in_threadpool

from vtviz.engine.engine import Engine
from vtviz.engine.engine import Request as Asked
from vtviz.engine.remote.client import WHO
from vtviz.inputs import MAX_BYTES, ImageInput, InputError, read_image
from vtviz.serve.guard import INSIDE
from vtviz.serve.problems import Large
from vtviz.watch import Watch, current_watch

Photo = Annotated[UploadFile, File(description="A photo: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP.")]
Text = Annotated[str, Form(description="A sentence about the photo.")]
Model = Annotated[str, Form(description="A name that /models lists.")]
TEXTS = 64  # in one request
PHOTOS = 16
LOOK = 0.2  # seconds between two looks whether the client is still there
LONGEST_NAME = 64  # characters of a person's


class Desk:
    """Takes requests to the engine.

    Args:
        engine: answers them.
        check_model: refuses names of models whose files this server does not open.
        names_people: whether programs are believed whom they ask for, as those that have a token are.
    """

    def __init__(self, engine: Engine, check_model: Callable[[str], None], names_people: bool = False) -> None:
        self.engine, self.check_model, self.names_people = engine, check_model, names_people
        # Threads of its own, one for each request that is let in: those of the framework serve all that is quick.
        self._pool = ThreadPoolExecutor(INSIDE, thread_name_prefix="vtviz-desk")

    def close(self) -> None:
        """Takes no more requests."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def ask(self, request: Request, asked: Asked[Any]) -> Any:
        """The answer of the engine. Where the client leaves, the work ends at its next step. Raises what the engine
        raises."""
        self.check_model(asked.model)
        gone, who = threading.Event(), self._who(request) if asked.slow else ""
        watch = Watch(cancelled=gone.is_set, who=who, request_id=current_watch().request_id)
        running = asyncio.get_running_loop().run_in_executor(self._pool, self.engine.ask, asked, watch)
        try:
            while not (await asyncio.wait({running}, timeout=LOOK))[0]:
                if not gone.is_set() and await request.is_disconnected():
                    gone.set()
            return running.result()
        finally:
            gone.set()

    def _who(self, request: Request) -> str:
        """Whose a slow request is: the person whom a program names, else the machine that it comes from."""
        named = unquote(request.headers.get(WHO, ""))[:LONGEST_NAME] if self.names_people else ""
        return f"api {named or (request.client.host if request.client else '')}"


async def read(photo: UploadFile) -> ImageInput:
    """The photo in an upload.

    Raises:
        Large: if the file is larger than a photo may be.
        InputError: if it is no photo.
    """
    data = await photo.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Large("The image file is larger than {limit} MB; choose a smaller one.", limit=MAX_BYTES // 2**20)
    return await run_in_threadpool(read_image, data)


def need_few(texts: Sequence[str]) -> None:
    """Raises InputError where there are more texts than one request may have."""
    if len(texts) > TEXTS:
        raise InputError("There are more than {limit} texts; send them in parts.", limit=TEXTS)
