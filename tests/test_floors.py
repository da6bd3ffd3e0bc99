"""The repository is built as the map in CONTRIBUTING.md says, and whatever is not is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.floors import RULES, House, circles, crowded_folders, main, read_house, read_map, tracked_files

ROOT = Path(__file__).resolve().parent.parent
MAP = """# Working here
## A map of the house
| where | what lives there |
| --- | --- |
| `app.py`, `pages/` | thin files |
| `vtviz/ui/` | the rest of Streamlit, not `vtviz/models/` |
| `vtviz/engine/`, `vtviz/models/` | two rooms |
| `vtviz/watch.py` | the ground |
| `assets/` | no room |

## To add
| `vtviz/cellar/` | no part of the map |
"""
FILES = {
    "CONTRIBUTING.md": MAP,
    "app.py": "from vtviz.ui.frame.shell import run_app",
    "pages/explore.py": "import vtviz.ui.explore\nfrom vtviz.engine import local",
    "pages/audit.py": "",
    "vtviz/__init__.py": "",
    "vtviz/__main__.py": "import vtviz.engine.local",
    "vtviz/ui/__init__.py": "",
    "vtviz/ui/frame/__init__.py": "",
    "vtviz/ui/frame/shell.py": "import streamlit",
    "vtviz/ui/ask/__init__.py": "",
    "vtviz/ui/ask/photo.py": "from vtviz.ui.frame import shell",
    "vtviz/ui/show/__init__.py": "",
    "vtviz/ui/show/lens.py": "from vtviz.ui.ask.photo import ask",
    "vtviz/ui/explore.py": "from vtviz.ui.show.lens import lens",
    "vtviz/ui/audit/__init__.py": "",
    "vtviz/ui/audit/report.py": "from ..show import lens\nfrom . import runs",
    "vtviz/ui/audit/runs.py": "",
    "vtviz/engine/__init__.py": "",
    "vtviz/engine/local.py": "from vtviz.models.base import Model\nfrom vtviz import __version__",
    "vtviz/models/__init__.py": "",
    "vtviz/models/base.py": "import torch\nimport vtviz.watch",
    "vtviz/watch.py": "",
}
LATE = "def work():\n    from vtviz.engine.local import LocalEngine\n"
TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import vtviz.engine.local\n"


def build(root: Path, changes: dict[str, str]) -> House:
    """A small house, with other words in some of its files."""
    for name, text in (FILES | changes).items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return read_house(root)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_house_stands(rule: Callable[[House], list[str]]) -> None:
    assert rule(read_house(ROOT)) == []


def test_no_folder_is_crowded() -> None:
    assert crowded_folders(tracked_files(ROOT)) == []


def test_the_map_is_read_from_the_table_of_contributing() -> None:
    assert read_map(MAP) == ("app", "pages", "vtviz.ui", "vtviz.engine", "vtviz.models", "vtviz.watch")
    rooms = read_house(ROOT).rooms
    assert rooms[:3] == ("app", "pages", "vtviz.ui") and len(rooms) == len(set(rooms)) > 15


def test_a_sound_house_has_no_problem(tmp_path: Path) -> None:
    house = build(tmp_path, {})
    assert [problem for rule in RULES.values() for problem in rule(house)] == []


@pytest.mark.parametrize(
    ("file", "text", "rule", "message"),
    [
        (
            "vtviz/models/base.py",
            "import vtviz.engine.local",
            "nothing imports upward",
            "vtviz.models.base (line 1) imports vtviz.engine.local, which lies above it",
        ),
        (
            "vtviz/models/base.py",
            LATE,
            "nothing imports upward",
            "vtviz.models.base (line 2) imports vtviz.engine.local, which lies above it",
        ),
        (
            "vtviz/models/base.py",
            TYPES,
            "nothing imports upward",
            "vtviz.models.base (line 3) imports vtviz.engine.local, which lies above it",
        ),
        (
            "vtviz/watch.py",
            "from .models import base",
            "nothing imports upward",
            "vtviz.watch (line 1) imports vtviz.models.base, which lies above it",
        ),
        (
            "vtviz/models/__init__.py",
            "from ..engine.local import LocalEngine",
            "nothing imports upward",
            "vtviz.models (line 1) imports vtviz.engine.local, which lies above it",
        ),
        (
            "vtviz/__init__.py",
            "from vtviz.watch import Watch",
            "nothing imports upward",
            "vtviz (line 1) imports vtviz.watch, which lies above it",
        ),
        (
            "vtviz/ui/explore.py",
            "from pages import audit",
            "nothing imports upward",
            "vtviz.ui.explore (line 1) imports pages.audit, which lies above it",
        ),
        ("vtviz/cellar.py", "", "every room is on the map", "vtviz.cellar is not in the map of CONTRIBUTING.md"),
        (
            "vtviz/ui/ask/photo.py",
            "def ask():\n    from vtviz.ui.show import lens\n",
            "the layers of ui",
            "vtviz.ui.ask.photo (line 2) imports vtviz.ui.show.lens, which lies above ask",
        ),
        (
            "vtviz/ui/show/lens.py",
            "import vtviz.ui.explore",
            "the layers of ui",
            "vtviz.ui.show.lens (line 1) imports vtviz.ui.explore, which lies above show",
        ),
        (
            "vtviz/ui/explore.py",
            "from vtviz.ui.audit.report import show",
            "the layers of ui",
            "vtviz.ui.explore (line 1) imports vtviz.ui.audit.report, which is another page",
        ),
        (
            "vtviz/ui/answer.py",
            "",
            "what lies in ui",
            "vtviz.ui.answer is neither one of frame, ask, show nor a page",
        ),
        ("vtviz/ui/audit.py", "", "what lies in ui", "vtviz.ui.audit is a file and a folder"),
        ("pages/explore.py", "from torch import nn", "no torch in pages", "pages.explore (line 1) imports torch"),
        ("app.py", "import torch.nn", "no torch in pages", "app (line 1) imports torch.nn"),
        (
            "vtviz/engine/local.py",
            "import streamlit as st",
            "no streamlit below ui",
            "vtviz.engine.local (line 1) imports streamlit",
        ),
    ],
)
def test_what_breaks_a_rule_is_named(tmp_path: Path, file: str, text: str, rule: str, message: str) -> None:
    assert RULES[rule](build(tmp_path, {file: text})) == [message]


def test_a_circle_is_named_once_with_all_its_modules(tmp_path: Path) -> None:
    house = build(
        tmp_path,
        {
            "vtviz/models/one.py": "import vtviz.models.two",
            "vtviz/models/two.py": "def late():\n    from vtviz.models.three import x\n",
            "vtviz/models/three.py": "from vtviz.models import one",
        },
    )
    (found,) = circles(house)
    names = found.removeprefix("A circle: ").split(" → ")
    assert names[0] == names[-1] and set(names) == {f"vtviz.models.{name}" for name in ("one", "two", "three")}


def test_a_folder_may_hold_fifteen_files_at_one_level() -> None:
    files = [f"lang/en/{number}.json" for number in range(15)] + ["lang/en/more/1.json", "top.md"]
    assert crowded_folders(files) == []
    assert crowded_folders([*files, "lang/en/one_too_many.json"]) == ["lang/en/ holds 16 files"]


def test_it_can_be_run_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr("tools.floors.tracked_files", lambda root: [])
    build(tmp_path, {})
    assert main([str(tmp_path)]) == 0 and "stand as they should" in capsys.readouterr().out
    build(tmp_path, {"vtviz/models/base.py": LATE})
    assert main([str(tmp_path)]) == 1
    assert "vtviz.models.base (line 2) imports vtviz.engine.local" in capsys.readouterr().out
