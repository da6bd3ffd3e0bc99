"""Whether the house stands as CONTRIBUTING.md draws it: ``python -m tools.floors [ROOT]`` lists what does not.

The table "A map of the house" names the rooms from the top floor down, and each imports only from those below it.
Imports inside functions and under ``TYPE_CHECKING`` count too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

PACKAGE = "vtviz"
MAP = "## A map of the house"
LAYERS = ("frame", "ask", "show")  # of vtviz/ui, from the lowest; the pages lie above them
MOST_FILES = 15


@dataclass(frozen=True)
class Import:
    """One module of the repository needs another, or a package from elsewhere."""

    source: str
    line: int
    target: str

    def __str__(self) -> str:
        return f"{self.source} (line {self.line}) imports {self.target}"


@dataclass(frozen=True)
class House:
    """The rooms from the top floor down, as module names, and what each module imports."""

    root: Path
    rooms: tuple[str, ...]
    imports: dict[str, tuple[Import, ...]]

    @property
    def pages(self) -> set[str]:
        """The names of the files in ``pages/``."""
        return {name.removeprefix("pages.") for name in self.imports if name.startswith("pages.")}

    @property
    def inner(self) -> Iterator[Import]:
        """The imports from one module of the repository to another."""
        return (found for imports in self.imports.values() for found in imports if found.target in self.imports)

    def floor(self, module: str) -> int:
        """How far down a module lies: 0 is the top, -1 nowhere on the map. ``vtviz`` itself, which says its version, is
        at the bottom."""
        if module == PACKAGE:
            return len(self.rooms)
        return next((floor for floor, room in enumerate(self.rooms) if _within(module, room)), -1)


def read_house(root: Path) -> House:
    """The house under the root of a repository."""
    files = [root / "app.py", *root.glob("pages/*.py"), *root.glob(f"{PACKAGE}/**/*.py")]
    names = {_module(file.relative_to(root)): file for file in sorted(files) if file.exists()}
    rooms = read_map((root / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    return House(root, rooms, {name: tuple(_imports(name, file, names)) for name, file in names.items()})


def read_map(text: str) -> tuple[str, ...]:
    """The rooms in the table, top floor first, as module names; other folders in it are no rooms."""
    table = text.partition(MAP)[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    paths = [PurePath(path) for cell in cells for path in re.findall(r"`([^`]+)`", cell)]
    return tuple(_module(path) for path in paths if path.parts[0] in (PACKAGE, "pages", "app.py"))


def upward_imports(house: House) -> list[str]:
    """Imports from a lower floor to a higher one."""
    return [
        f"{found}, which lies above it"
        for found in house.inner
        if 0 <= house.floor(found.target) < house.floor(found.source)
    ]


def circles(house: House) -> list[str]:
    """Modules that import each other, one circle for each group of them."""
    targets = {name: [found.target for found in imports] for name, imports in house.imports.items()}
    found, done = list[str](), set[str]()
    for name in targets:
        circle = None if name in done else _way(name, name, targets)
        if circle:
            done.update(circle)
            found.append(f"A circle: {' → '.join(circle)}")
    return found


def unmapped_rooms(house: House) -> list[str]:
    """Rooms of the package that the table does not name."""
    rooms = {".".join(name.split(".")[:2]) for name in house.imports} - {PACKAGE, f"{PACKAGE}.__main__"}
    return [f"{room} is not in the map of CONTRIBUTING.md" for room in sorted(rooms) if house.floor(room) < 0]


def upward_in_ui(house: House) -> list[str]:
    """Imports in ``vtviz/ui`` from a lower layer to a higher one, or from one page to another."""
    found = []
    for each in house.inner:
        source, target = _ui_part(each.source), _ui_part(each.target)
        if source and target and source != target and _layer(target) >= _layer(source):
            reason = "is another page" if _layer(source) == len(LAYERS) else f"lies above {source}"
            found.append(f"{each}, which {reason}")
    return found


def strangers_in_ui(house: House) -> list[str]:
    """What lies in ``vtviz/ui`` and is neither a layer nor one file or folder of a page."""
    parts = {part for name in house.imports if (part := _ui_part(name))}
    ui = house.root / PACKAGE / "ui"
    twice = [part for part in parts if (ui / part).is_dir() and (ui / f"{part}.py").exists()]
    odd = parts - {*LAYERS, *house.pages}
    return [f"{PACKAGE}.ui.{part} is neither one of {', '.join(LAYERS)} nor a page" for part in sorted(odd)] + [
        f"{PACKAGE}.ui.{part} is a file and a folder" for part in sorted(twice)
    ]


def torch_in_pages(house: House) -> list[str]:
    """Pages that import torch."""
    return [str(found) for found in _outer(house, "torch") if not _within(found.source, PACKAGE)]


def streamlit_below_ui(house: House) -> list[str]:
    """Rooms below ``vtviz/ui`` that import Streamlit."""
    lowest = house.floor(f"{PACKAGE}.ui")
    return [str(found) for found in _outer(house, "streamlit") if house.floor(found.source) > lowest]


def crowded_folders(files: Iterable[str]) -> list[str]:
    """Folders that hold more than ``MOST_FILES`` of these files at one level."""
    counts = Counter(PurePath(file).parent.as_posix() for file in files)
    return [f"{folder}/ holds {count} files" for folder, count in sorted(counts.items()) if count > MOST_FILES]


def tracked_files(root: Path) -> list[str]:
    """The files that git knows, as paths from the root; those deleted but not yet committed are left out."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    return [file for file in listed.split("\0") if file and (root / file).exists()]


RULES: dict[str, Callable[[House], list[str]]] = {
    "every room is on the map": unmapped_rooms,
    "nothing imports upward": upward_imports,
    "no circles": circles,
    "the layers of ui": upward_in_ui,
    "what lies in ui": strangers_in_ui,
    "no torch in pages": torch_in_pages,
    "no streamlit below ui": streamlit_below_ui,
}


def _imports(name: str, file: Path, names: dict[str, Path]) -> Iterator[Import]:
    """Everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            start = _start(name, file, node)
            for target in dict.fromkeys(
                longer if (longer := f"{start}.{alias.name}") in names else start for alias in node.names
            ):
                yield Import(name, node.lineno, target)


def _start(name: str, file: Path, node: ast.ImportFrom) -> str:
    """The module after ``from``, its leading dots resolved."""
    if not node.level:
        return node.module or ""
    up = node.level - (file.name == "__init__.py")
    parts = name.split(".")[: len(name.split(".")) - up]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _way(start: str, goal: str, targets: dict[str, list[str]]) -> list[str] | None:
    """The shortest way from a module over at least one import to another."""
    before, waiting = dict[str, str](), [start]
    for here in waiting:
        for target in targets[here]:
            if target == goal:
                way = [goal, here]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if target in targets and target not in before and target != start:
                before[target] = here
                waiting.append(target)
    return None


def _outer(house: House, package: str) -> Iterator[Import]:
    return (found for imports in house.imports.values() for found in imports if _within(found.target, package))


def _within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def _module(path: PurePath) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _ui_part(module: str) -> str | None:
    """The layer or the page of ``vtviz.ui`` that a module is in."""
    parts = module.split(".")
    return parts[2] if parts[:2] == [PACKAGE, "ui"] and len(parts) > 2 else None


def _layer(part: str) -> int:
    return LAYERS.index(part) if part in LAYERS else len(LAYERS)


def main(arguments: list[str]) -> int:
    """Prints what is wrong; 1 where anything is."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    house = read_house(root)
    problems = [problem for rule in RULES.values() for problem in rule(house)] + crowded_folders(tracked_files(root))
    print("\n".join(problems) or f"{len(house.imports)} modules in {len(house.rooms)} rooms stand as they should.")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
