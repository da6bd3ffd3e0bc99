"""Where the packaged files are: at the root of the repository, or inside the package if it came as a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "shipped"  # pyproject.toml puts them there in a wheel

ROOT = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent
ASSETS, PAGES = ROOT / "assets", ROOT / "pages"
