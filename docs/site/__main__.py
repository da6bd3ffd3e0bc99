"""Builds the documentation as a site: ``python -m docs.site [FOLDER]``, with requirements-docs.txt installed.

The pages are the repository's own Markdown files, at their own places, so that every link holds in both. A link that
leads nowhere fails the build.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("zensical.toml")
PAGES = ("*.md", "docs/pictures/*", "examples/*", "assets/models/*.json", "assets/policies/*", "assets/samples/*")
PAGES += ("deploy/*", "LICENSE")


def build(target: Path) -> None:
    """Builds the site in a folder, which is replaced. Raises subprocess.CalledProcessError where a link is broken."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        for name in pages():
            place = work / "pages" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place)
        shutil.copy(CONFIG, work)
        subprocess.run([sys.executable, "-m", "zensical", "build", "--strict"], cwd=work, check=True)
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(work / "site", target)


def pages() -> list[str]:
    """The files of the repository that the site shows or links to."""
    listed = subprocess.run(["git", "ls-files", "-z", *PAGES], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site"
    build(folder)
    print(folder / "index.html")
