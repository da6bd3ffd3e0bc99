"""What jobs on photos have in common: a way to the models, and where the photos may lie."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from vtviz.jobs.background import Jobs
from vtviz.jobs.door import Door
from vtviz.jobs.history import History
from vtviz.jobs.limits import Limits
from vtviz.tasks.search.photo_files import no_photos, photos_in


class PhotoJobs(Jobs):
    """Jobs of one kind on photos, in a thread of their own.

    Args:
        folder: where they are listed and kept.
        door: the way to the models.
        limits: what one person may have here.
        confined: whether they read only what was uploaded for them, and what vtviz ships.
    """

    kind: ClassVar[str]

    def __init__(self, folder: Path, door: Door, limits: Limits | None = None, confined: bool = False) -> None:
        super().__init__(History(folder, self.kind), limits, confined)
        self._door = door

    def need_photos(self, photos: Path) -> None:
        """Raises InputError where another job would be too many, or ``photos`` is neither a folder nor a zip file, lies
        where this person may not read, or holds no photos."""
        self.need_room()
        self.check_files(photos, ())
        if next(photos_in(photos).files(), None) is None:
            # where a server keeps uploads is nobody's business
            raise no_photos(Path(photos.name) if self.confined else photos)
