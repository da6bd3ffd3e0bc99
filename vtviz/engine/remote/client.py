"""The engine of another process: the same contract, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx

from vtviz.engine.remote.frames import BrokenStream
from vtviz.engine.remote.streamed import AWAY as AWAY
from vtviz.engine.remote.streamed import EngineAway as EngineAway
from vtviz.engine.remote.streamed import StreamedEngine
from vtviz.inputs import InputError

PREFIX = "/v1/engine"
CONNECT, SILENCE = 5.0, 30.0  # seconds until an engine counts as away: to be reached, and between two signs of life
MOST_BODY = 2**30  # bytes of a request: its photos travel as pixels, three bytes each
WHO, REQUEST_ID = "vtviz-who", "x-request-id"  # the headers that name the person who asks, and what is asked for


class RemoteEngine(StreamedEngine):
    """Sends requests to ``vtviz serve``.

    Args:
        address: such as ``http://127.0.0.1:8600``.
        token: what the engine knows its apps by, if it asks for one.
        client: an HTTP client of one's own, as for a certificate; it knows the address.
    """

    def __init__(self, address: str, token: str = "", client: httpx.Client | None = None) -> None:
        super().__init__(HttpWire(address, token, client))


class HttpWire:
    """The way to an engine over HTTP; the arguments are those of RemoteEngine."""

    def __init__(self, address: str, token: str, client: httpx.Client | None) -> None:
        self.address = address.rstrip("/")
        if not self.address.startswith(("http://", "https://")):
            raise InputError("{address} is no address of an engine; write http://HOST:PORT.", address=address)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
        self._client = client or httpx.Client(
            base_url=self.address, headers=headers, timeout=httpx.Timeout(SILENCE, connect=CONNECT), limits=limits
        )

    @contextmanager
    def stream(self, path: str, body: bytes, who: str, request_id: str, model: str) -> Iterator[Iterator[bytes]]:
        """The bytes that the engine's door answers; leaving the ``with`` cancels the work."""
        if len(body) > MOST_BODY:
            raise self._too_large()
        headers = {WHO: quote(who), REQUEST_ID: request_id}
        with self._reached(), self._client.stream("POST", f"{PREFIX}/{path}", content=body, headers=headers) as stream:
            self._check(stream)
            yield stream.iter_bytes()

    def said(self, path: str, body: bytes) -> bytes:
        """What the door says at once."""
        with self._reached():
            response = self._client.post(f"{PREFIX}/{path}", content=body)
            self._check(response)
            return response.content

    def close(self) -> None:
        """Lets go of the connections."""
        self._client.close()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Raises EngineAway where what is inside fails for the connection."""
        try:
            yield
        except (httpx.HTTPError, BrokenStream) as error:
            raise EngineAway(
                "The engine at {address} does not answer; start it with `vtviz serve`, or wait until it is back.",
                address=self.address,
            ) from error

    def _check(self, response: httpx.Response) -> None:
        if response.status_code in (401, 403):
            raise EngineAway(
                "The engine at {address} does not know this app; set the same VTVIZ_ENGINE_TOKEN for both.",
                address=self.address,
            )
        if response.status_code == 413:
            raise self._too_large()
        if response.status_code != 200:
            raise BrokenStream(f"status {response.status_code}")

    def _too_large(self) -> InputError:
        return InputError(
            "The photos of this request are larger than the engine at {address} takes; scale them down, or use fewer.",
            address=self.address,
        )
