"""Names of models of transformers: ``hf:ORG/NAME`` and ``hf:FOLDER``, with options after a question mark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import parse_qsl

from vtviz.files import from_home
from vtviz.models.base import ModelError
from vtviz.models.open_clip.names import FITS, Fit, registers_of

PREFIX = "hf:"
FORMS = "hf:ORG/NAME or hf:FOLDER"
Precision = Literal["auto", "float32", "bfloat16", "float16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
GRID = re.compile(r"(\d{1,2})x(\d{1,2})")
MOST_PATCHES = 64  # a side
COUNT = re.compile(r"\d{1,4}")
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.\-]*/[A-Za-z0-9][\w.\-]*")


@dataclass(frozen=True)
class Spec:
    """What a name asks for. Either ``folder`` or ``repository`` is set; ``revision`` is a branch, a tag or a commit;
    ``grid`` holds rows and columns of patches, ``patches`` the most that a photo may have."""

    name: str
    folder: Path | None = None
    repository: str | None = None
    revision: str | None = None
    fit: Fit = "squash"
    dtype: Precision = "auto"
    grid: tuple[int, int] | None = None
    registers: bool = False
    patches: int | None = None

    @property
    def shown(self) -> str:
        """The model for a person: a repository, or the last part of a folder."""
        return self.repository or (self.folder.name if self.folder else "")


def parse(name: str) -> Spec | None:
    """What a name asks for, or None where it belongs to another family.

    Raises:
        ModelError: if the name or an option cannot be understood.
    """
    if not name.startswith(PREFIX):
        return None
    source, _, query = name.removeprefix(PREFIX).partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    fit, dtype = options.pop("fit", "squash"), options.pop("dtype", "auto")
    revision, grid = options.pop("revision", None), options.pop("grid", None)
    registers, patches = registers_of(options.pop("registers", "0")), options.pop("patches", None)
    if options:
        first = next(iter(options))
        raise ModelError("There is no option {name}; use fit, dtype, grid, patches, registers or revision.", name=first)
    if fit not in FITS:
        raise ModelError("The option fit cannot be {value}; use one of: {known}.", value=fit, known=", ".join(FITS))
    if dtype not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        raise ModelError("The option dtype cannot be {value}; use one of: {known}.", value=dtype, known=known)
    sizes = (None if grid is None else _grid(grid), registers, None if patches is None else _patches(patches))
    rest = (cast(Fit, fit), cast(Precision, dtype), *sizes)
    path = path_of(name)
    if path:
        if revision is not None:
            raise ModelError("A folder has no revisions; leave the option revision out.")
        return Spec(name, from_home(path), None, None, *rest)
    if not REPOSITORY.fullmatch(source):
        raise ModelError("{name} is not the name of a model of transformers; use {forms}.", name=name, forms=FORMS)
    return Spec(name, None, source, revision, *rest)


def path_of(name: str) -> str:
    """The folder that a name of this family means, or "" where it means a repository or belongs to another family."""
    if not name.startswith(PREFIX):
        return ""
    source = name.removeprefix(PREFIX).partition("?")[0]
    looks = source.startswith(("/", ".", "~")) or source.count("/") > 1 or "\\" in source
    return source if source and (looks or _is_folder(source)) else ""


def _grid(value: str) -> tuple[int, int]:
    """The rows and columns that the option asks for."""
    found = GRID.fullmatch(value)
    rows, columns = (int(part) for part in found.groups()) if found else (0, 0)
    if not (0 < rows <= MOST_PATCHES and 0 < columns <= MOST_PATCHES):
        raise ModelError(
            "The option grid cannot be {value}; use ROWSxCOLUMNS, each from 1 to {most}.",
            value=value,
            most=MOST_PATCHES,
        )
    return rows, columns


def _patches(value: str) -> int:
    """The most patches that the option asks for."""
    count, most = int(value) if COUNT.fullmatch(value) else 0, MOST_PATCHES**2
    if not 0 < count <= most:
        raise ModelError("The option patches cannot be {value}; use a number from 1 to {most}.", value=value, most=most)
    return count


def _is_folder(source: str) -> bool:
    try:
        return from_home(source).is_dir()
    except (OSError, ValueError, RuntimeError):  # no path
        return False
