"""What the routes share: the way to the engine, the photos in uploads, and the fields that most requests have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

from fastapi import File, Form, Request, UploadFile
from starlette.concurrency import run_in_threadpool

from vtviz.engine.engine import Engine
from vtviz.engine.engine import Request as Asked
from vtviz.inputs import MAX_BYTES, ImageInput, InputError, read_image
from vtviz.serve.guard import INSIDE
from vtviz.serve.problems import Large
from vtviz.watch import Watch, current_watch

Photo = Annotated[UploadFile, File(description="A photo: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP.")]
Text = Annotated[str, Form(description="A sentence about the photo.")]
Model = Annotated[str, Form(description="A name that /models lists.")]
TEXTS = 64  # in one request
PHOTOS = 16


class Desk:
    """Takes requests to the engine.

    Args:
        engine: answers them.
        check_model: refuses names of models whose files this server does not open.
    """

    def __init__(self, engine: Engine, check_model: Callable[[str], None]) -> None:
        self.engine, self.check_model = engine, check_model
        # Threads of its own, one for each request that is let in: those of the framework serve all that is quick.
        self._pool = ThreadPoolExecutor(INSIDE, thread_name_prefix="vtviz-desk")

    def close(self) -> None:
        """Takes no more requests."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def ask(self, request: Request, asked: Asked[Any]) -> Any:
        """The answer of the engine. Raises what the engine raises."""
        self.check_model(asked.model)
        who = request.client.host if request.client else ""
        watch = Watch(who=f"api {who}" if asked.slow else "", request_id=current_watch().request_id)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.engine.ask, asked, watch)


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
