"""One question to every photo of a folder, in the background."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vtviz.chinese import language_of
from vtviz.engine.jobs.base import PhotoJobs
from vtviz.engine.jobs.lines import Lines
from vtviz.engine.requests.captions_and_answers import AnswerQuestion
from vtviz.inputs import InputError, check_text, read_image
from vtviz.jobs.door import Door
from vtviz.jobs.history import Entry
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.tasks.answer import in_language
from vtviz.tasks.search.photo_files import Photos, Unreadable, photos_in
from vtviz.watch import Watch

ANSWERS = "answers.jsonl"
STAGE = "photos"


@dataclass(frozen=True)
class Answered:
    """The answer for one photo, empty where the model cannot tell; the ``likeliest`` of its list with its probability
    whatever that is; or the ``error`` of a photo that cannot be read, one sentence."""

    photo: str
    answer: str = ""
    likeliest: str = ""
    probability: float | None = None
    error: str = ""


def ask_photo(photos: Photos, path: str, question: str, model: str, door: Door, watch: Watch) -> Answered:
    """The answer for a photo of a folder, in the language of the question.

    Raises:
        InputError: if the question cannot be answered by the model.
    """
    try:
        image = read_image(photos.read(path))
    except InputError as error:
        return Answered(path, error=str(error))
    language = language_of(question)
    answer = door(AnswerQuestion(image, question, model), watch)
    likeliest, probability = answer.candidates[0]
    said = "" if answer.text is None else in_language(answer.text, language)
    return Answered(path, said, in_language(likeliest, language), round(probability, 4))


def to_csv(rows: Sequence[Answered]) -> bytes:
    """The answers as a table that Excel reads, too."""
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(Answered.__dataclass_fields__))
    writer.writeheader()
    for row in rows:
        shown = "" if row.probability is None else f"{row.probability:.4f}"
        writer.writerow({**asdict(row), "probability": shown})
    return table.getvalue().encode("utf-8-sig")


def to_json(question: str, rows: Sequence[Answered]) -> bytes:
    """The question and the answers."""
    values = {"question": question, "answers": [asdict(row) for row in rows]}
    return (json.dumps(values, ensure_ascii=False, indent=2) + "\n").encode()


class QuestionJobs(PhotoJobs):
    """Asks folders of photos in a thread of its own and keeps their list."""

    kind = "questions"

    def start(self, photos: Path, question: str, model: str = DEFAULT_MODEL) -> Entry:
        """Lists a question to a folder or zip file and lets it wait for its turn.

        Raises:
            InputError: if the question holds nothing to read, or there are no photos.
        """
        question = check_text(question)
        self.need_photos(photos)
        entry = self.history.add(
            question, photos.resolve(), json.dumps({"question": question, "model": model}, ensure_ascii=False)
        )
        self.submit(entry, "en")
        return entry

    def answers(self, number: int) -> list[Answered]:
        """The answers so far."""
        known = set(Answered.__dataclass_fields__)
        return [Answered(**row) for row in self._lines(number).read() if set(row) == known]

    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Asks every photo, or those that are left."""
        settings: dict[str, Any] = json.loads(entry.settings)
        photos, lines = photos_in(entry.manifest), self._lines(entry.id)
        done = {row.photo for row in self.answers(entry.id)}
        missed = list[Unreadable]()
        paths = [file.path for file in photos.files(missed)]
        for item in missed:
            if item.path not in done:
                lines.add(asdict(Answered(item.path, error=item.reason)))
        left = [path for path in paths if path not in done]
        watch.enter(STAGE, len(paths), len(paths) - len(left))
        watch.check()
        for path in left:
            row = ask_photo(photos, path, settings["question"], settings["model"], self._door, watch.quietly())
            lines.add(asdict(row))
            watch.advance(failed=int(bool(row.error)))

    def _lines(self, number: int) -> Lines:
        return Lines(self.history.folder_of(number) / ANSWERS)
