"""``vtviz serve`` as a process: it answers as the engine does, and ends when it is told to."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from vtviz.cli import app
from vtviz.inputs import InputError
from vtviz.paths import ASSETS

CAT = ASSETS / "samples" / "chelsea.jpg"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_command_line_asks_an_engine_elsewhere_which_serves_pages_too(tmp_path: Path) -> None:
    place = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "vtviz", "serve", "--pages", "--port", str(port), "--device", "cpu"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                if httpx.get(f"{place}/readyz").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        assert httpx.get(f"{place}/_stcore/health").text == "ok" and "<html" in httpx.get(f"{place}/?text=secret").text
        asked = [sys.executable, "-m", "vtviz", "explain", str(CAT), "a brown cat", "--output", str(tmp_path)]
        done = subprocess.run(asked, env={**os.environ, "VTVIZ_ENGINE": place}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found = json.loads((tmp_path / "explanation.json").read_text())
        assert found["model"] == "vtviz-base" and found["score"] > 0.8
        assert 'request="Explain"} 1.0' in httpx.get(f"{place}/metrics").text
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) in (0, -signal.SIGTERM)
    assert "secret" not in (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]  # nothing but JSON
    (worked,) = [line for line in lines if line["event"] == "answered" and line["request"] == "Explain"]
    (asked_for,) = [
        line for line in lines if line.get("route") == "/v1/engine/ask" and line["request_id"] == worked["request_id"]
    ]
    assert asked_for["status"] == 200 and asked_for["duration_ms"] > 0


def test_an_engine_that_others_reach_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VTVIZ_ENGINE_TOKEN", "VTVIZ_OPEN"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(app, ["serve", "--address", "0.0.0.0"])
    assert isinstance(result.exception, InputError) and "VTVIZ_ENGINE_TOKEN" in str(result.exception)
