"""Where the files that come with vtviz lie."""

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
