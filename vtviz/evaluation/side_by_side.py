"""The photos of a split, looked at on several machines, which see them at the same path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import Tensor

from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method
from vtviz.evaluation.photos import EncodedPhoto, Photos
from vtviz.evaluation.pointing import PointingGame
from vtviz.evaluation.split import Row
from vtviz.jobs.door import Door, Workbench
from vtviz.jobs.many import Lost, Many
from vtviz.models.base import CaptionModel, FusionModel
from vtviz.tasks.caption import caption_text
from vtviz.watch import Watch


@dataclass(frozen=True, eq=False)
class Looked:
    """What figures need of a photo: as the model encodes it, the match logits ``[captions]`` of its own captions, the
    pointing game on it, and the best caption that the model writes, if it writes any."""

    photo: EncodedPhoto
    logits: Tensor
    game: PointingGame
    caption: str | None


@dataclass(frozen=True, eq=False)
class LookAtPhoto:
    """Everything about one photo of a split, ``row``, that takes the model; its file lies in ``folder``."""

    model: str
    folder: Path
    row: Row
    methods: tuple[str, ...]
    writes: bool = True
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Looked:
        """Raises InputError where the photo cannot be used."""
        photos = Photos(model, self.folder)
        photo = photos.encode(self.row["image"])
        game = PointingGame({name: (find_method(name), Options()) for name in self.methods})
        logits = game.play(model, photo, self.row, photos.read(self.row["image"]), watch)
        game.candidates = {}  # those who asked know them
        caption = caption_text(model, photo.features) if self.writes and isinstance(model, CaptionModel) else None
        return Looked(EncodedPhoto(photo.features.cpu(), photo.size, photo.frame), logits, game, caption)


def look_at_photos(
    many: Many, model: str, folder: Path, rows: Sequence[Row], methods: Sequence[str], writes: bool, watch: Watch
) -> Iterator[Looked]:
    """Each photo of a split, in the order of the rows. Raises InputError where one cannot be used, Lost where the
    machine that looked at one was lost again and again."""
    tasks = [partial(_look, LookAtPhoto(model, folder, row, tuple(methods), writes)) for row in rows]
    watch.enter("photos", len(rows))
    for found in many(tasks, watch):
        if isinstance(found, Lost):
            raise found
        yield found
        watch.advance()


def _look(request: LookAtPhoto, door: Door, watch: Watch) -> Looked:
    looked: Looked = door(request, watch)
    return looked
