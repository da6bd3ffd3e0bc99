"""Open the app."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from vtviz.cli import common
from vtviz.paths import ROOT


@common.app.command("app")
def open_app(
    address: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser on it.")] = True,
) -> None:
    """Open the app, from wherever vtviz is installed: the same as `streamlit run app.py` in its folder."""
    options = {"address": address, "port": port, "headless": str(not browser).lower()}
    flags = [f"--server.{name}={value}" for name, value in options.items()]
    sys.stdout.flush()
    # Streamlit takes the place of this process, so that signals reach it; its settings lie beside app.py.
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *flags])
