"""An engine of a Ray Serve deployment: its door, in a process of the cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import torch
from ray import serve

from vtviz.engine.local import LocalEngine
from vtviz.engine.messages import decode_request
from vtviz.engine.requests.model import LoadModel
from vtviz.errors import UserError
from vtviz.logs import log_as_json
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.serve.door import Door

MODELS = 2  # that a replica keeps


class Replica:
    """One engine, which is ready once it has loaded the default model.

    Args:
        device: that of LocalEngine.
        threads: of torch, on the CPU.
    """

    def __init__(self, device: str, threads: int) -> None:
        torch.set_num_threads(threads)
        log_as_json("vtviz")
        self.engine = LocalEngine(device, MODELS)
        self.engine.ask(LoadModel(DEFAULT_MODEL))
        self.door = Door(self.engine)

    async def stream(self, path: str, body: bytes, who: str, request_id: str) -> AsyncIterator[bytes]:
        """The frames that the door answers to a request."""
        with suppress(UserError):  # the door says it
            await self._keep(decode_request(body).model)
        work = self.door.ask if path == "ask" else self.door.start
        async for frames in self.door.stream(work, body, who, request_id):
            yield frames

    async def said(self, path: str, body: bytes) -> bytes:
        """What the door says at once."""
        return await asyncio.to_thread(self.door.said, path, body)

    @serve.multiplexed(max_num_models_per_replica=MODELS)
    async def _keep(self, model: str) -> str:
        """Loads a model, which lets Ray know where requests for it are best sent."""
        await asyncio.to_thread(self.engine.ask, LoadModel(model))
        return model
