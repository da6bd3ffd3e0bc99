"""What a model says before and after changes, as the Python API gives it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vtviz.api.explanation import Explanation
from vtviz.engine import intervention as engine
from vtviz.engine.intervention import intervention_dict, intervention_json
from vtviz.files import check_file_place, from_home, make_folder, write_atomically
from vtviz.interventions.changes import Change
from vtviz.interventions.promise import Promise

FILE = "interventions.json"


@dataclass(frozen=True, repr=False)
class Intervention:
    """A model's answer before and after changes. In a notebook both show themselves as lenses.

    Attributes:
        full: everything that the engine knows; its fields may change between versions, those of this class stay.
        photo: the name of the photo.
    """

    full: engine.Intervention
    photo: str = "photo"

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed, in order."""
        return self.full.changes

    @property
    def before(self) -> Explanation:
        """The answer to photo and text as they were given."""
        return Explanation(self.full.before, self.photo)

    @property
    def after(self) -> Explanation:
        """The answer after the changes, over the photo as it was changed."""
        return Explanation(self.full.shown, self.photo)

    @property
    def effect(self) -> float:
        """What the changes added to the target: the match where nothing else was asked for."""
        first, second = self.full.values
        return second - first

    @property
    def promise(self) -> Promise | None:
        """What the heatmap predicted of what was taken away; None where it says nothing about it."""
        return self.full.promise

    def to_dict(self) -> dict[str, Any]:
        """Both answers as plain values: the schema of ``interventions.json``."""
        return intervention_dict(self.full)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Writes ``interventions.json``, and returns its path.

        Raises:
            InputError: if the folder cannot be written to.
        """
        file = from_home(os.fspath(folder)) / FILE
        check_file_place(file)
        make_folder(file.parent)
        write_atomically(file, intervention_json(self.full))
        return file

    def _repr_html_(self) -> str:
        sides = "".join(
            f'<div style="flex:1 1 420px;min-width:0">{side._repr_html_()}</div>' for side in (self.before, self.after)
        )
        return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{sides}</div>'

    def __repr__(self) -> str:
        return f"<Intervention on {self.before.text!r}: {self.full.values[0]:.3f} → {self.full.values[1]:.3f}>"
