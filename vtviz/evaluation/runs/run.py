"""An evaluation from its pairs to their scores: resumable, cancellable, with progress."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from vtviz.evaluation.figures.table import ranking_figures
from vtviz.evaluation.pairs.pair import Pair, PairSet, read_pair_photo
from vtviz.evaluation.runs.evaluation import ABOUT, COLUMNS, SCHEMA, SCORES, as_scored
from vtviz.evaluation.runs.requests import DescribeScorer, Scorer, ScoreTexts
from vtviz.evaluation.runs.settings import Settings
from vtviz.files import write_atomically
from vtviz.inputs import ImageInput, InputError
from vtviz.jobs.door import Door
from vtviz.jobs.parts import PartStore
from vtviz.machine import versions
from vtviz.models.base import ModelError
from vtviz.watch import Watch

RUN = "run.json"
FLUSH_SECONDS = 5.0
FLUSH_PHOTOS = 64


def run_evaluation(pairs: PairSet, settings: Settings, folder: Path, door: Door, watch: Watch | None = None) -> None:
    """Scores every pair once and keeps the scores in a folder. Goes on where an equal run stopped.

    Args:
        pairs: what is scored.
        settings: which model.
        folder: for ``scores.parquet`` and ``evaluation.json``; made where there is none.
        door: the way to the model.
        watch: hears of the stages ``photos`` and ``figures``; may cancel between photos.

    Raises:
        InputError: if the folder cannot be written to, or no pair could be scored.
        ModelError: if the model cannot be loaded.
        Cancelled: if the watch says so; the same call goes on later.
    """
    try:
        _run(pairs, settings, folder, door, watch or Watch())
    except OSError as error:
        raise InputError(
            "The folder {folder} cannot be written to: {reason}. Rows measured so far are kept.",
            folder=folder,
            reason=os.strerror(error.errno) if error.errno else str(error),
        ) from error


def _run(pairs: PairSet, settings: Settings, folder: Path, door: Door, watch: Watch) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    scorer: Scorer = door(DescribeScorer(settings.model), watch.quietly())
    _claim(folder, pairs, scorer)
    store = PartStore(folder, SCORES, COLUMNS, ("pair",))
    _score_all(store, pairs, settings, door, watch)
    store.join()
    watch.enter("figures", 1, failed=watch.now.failed)
    rows = list(store.read(["image_sha256", "label", "score", "reason"]))
    good = [row for row in rows if not row[3]]
    if not good:
        raise InputError("No pair could be scored. First reason: {reason}", reason=rows[0][3])
    hashes, labels, scores, _ = zip(*good, strict=True)
    about = {
        "schema": SCHEMA,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "scorer": asdict(scorer),
        "data": pairs.name,
        "data_sha256": pairs.sha256,
        "settings": settings.to_dict(),
        "versions": versions(),
        "ranking": ranking_figures(as_scored(hashes, labels, scores)),
    }
    write_atomically(folder / ABOUT, orjson.dumps(about, option=orjson.OPT_INDENT_2))
    watch.tell(replace(watch.now, done=1))


def _claim(folder: Path, pairs: PairSet, scorer: Scorer) -> None:
    """Notes in a folder what is scored there; scores of other pairs or weights, as after an update, are thrown away."""
    mine = {"data_sha256": pairs.sha256, "pairs": _digest(pairs), "weights_sha256": scorer.weights_sha256}
    file = folder / RUN
    try:
        theirs = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else mine
    except ValueError:
        theirs = None
    if theirs != mine:
        PartStore(folder, SCORES, COLUMNS, ("pair",)).clear()
    write_atomically(file, json.dumps(mine, indent=2).encode())


def _digest(pairs: PairSet) -> str:
    written = "\n".join(f"{pair.image}\t{pair.text}\t{pair.label}" for pair in pairs.pairs)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def _score_all(store: PartStore, pairs: PairSet, settings: Settings, door: Door, watch: Watch) -> None:
    """Scores the pairs of each photo that are not on disk yet, that failed, or whose photo was replaced. Those that
    fail are recorded with the reason."""
    by_photo: dict[Path, list[int]] = {}
    for number, pair in enumerate(pairs.pairs):
        by_photo.setdefault(pair.image, []).append(number)
    done = _done(store)
    known = {path for path, numbers in by_photo.items() if _is_known(path, numbers, done)}
    watch.enter("photos", len(by_photo), len(known))
    flushed, waiting = time.monotonic(), 0
    try:
        for path, numbers in by_photo.items():
            if path in known:
                continue
            watch.check(pause=False)
            records = _records(path, numbers, pairs.pairs, settings, door, watch)
            store.add(records)
            waiting += 1
            if waiting >= FLUSH_PHOTOS or time.monotonic() - flushed > FLUSH_SECONDS:
                store.flush()
                flushed, waiting = time.monotonic(), 0
            watch.advance(failed=int(any(record["reason"] for record in records)))
    finally:
        store.flush()


def _done(store: PartStore) -> dict[int, str]:
    """The pairs that were scored, with the sha256 of the photo that each was scored on."""
    result: dict[int, str] = {}
    for number, sha256, reason in store.read(["pair", "image_sha256", "reason"]):
        result.pop(number, None)
        if not reason:
            result[number] = sha256
    return result


def _is_known(path: Path, numbers: Sequence[int], done: dict[int, str]) -> bool:
    """Whether all pairs of a photo were scored on the file that lies there now."""
    if not all(number in done for number in numbers):
        return False
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return False
    return {done[number] for number in numbers} == {sha256}


def _records(
    path: Path, numbers: Sequence[int], pairs: Sequence[Pair], settings: Settings, door: Door, watch: Watch
) -> list[dict[str, Any]]:
    """The scores of a photo's pairs. A text that cannot be used does not cost the others."""
    try:
        image = read_pair_photo(path)
    except InputError as error:
        return [_record(number, pairs[number], None, str(error)) for number in numbers]

    def score(texts: Sequence[str]) -> Sequence[float | str]:
        """The score of each text, or the reason why all of them together got none."""
        try:
            scores: Sequence[float] = door(ScoreTexts(settings.model, image, tuple(texts)), watch.quietly())
            return scores
        except (InputError, ModelError) as error:
            return [str(error)] * len(texts)
        except (RuntimeError, ValueError) as error:  # one photo must not end an evaluation of a night
            logging.getLogger("vtviz").exception("photo %s", path.name)
            return [f"{type(error).__name__}: {error}"] * len(texts)

    texts = [pairs[number].text for number in numbers]
    answers = score(texts)
    if len(texts) > 1 and isinstance(answers[0], str):
        answers = [answer for text in texts for answer in score([text])]
    return [_record(n, pairs[n], image, answer) for n, answer in zip(numbers, answers, strict=True)]


def _record(number: int, pair: Pair, image: ImageInput | None, answer: float | str) -> dict[str, Any]:
    """A record of a pair with its score, or with the reason why it has none."""
    return {
        "pair": number,
        "image": str(pair.image),
        "text": pair.text,
        "label": pair.label,
        "score": None if isinstance(answer, str) else answer,
        "image_sha256": "" if image is None else image.sha256,
        "keys": list(pair.keys),
        "reason": answer if isinstance(answer, str) else "",
    }
