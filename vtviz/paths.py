"""Where the files that come with vtviz lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSETS, PAGES = ROOT / "assets", ROOT / "pages"
