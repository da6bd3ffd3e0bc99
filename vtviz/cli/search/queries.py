"""What is searched for, as it is written on the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from vtviz.files import from_home, read_photo, reason
from vtviz.inputs import InputError
from vtviz.tasks.recommend.profile import LARGEST, Taste, read_taste
from vtviz.tasks.search.entry import Filters
from vtviz.tasks.search.query import Query, Term, part_of
from vtviz.tasks.search.store import Store

WEIGHTED = re.compile(r"(\d+(?:\.\d+)?):(.*)", re.DOTALL)


def query_of(
    store: Store,
    text: str | None,
    photo: str | None,
    plus: Sequence[str],
    minus: Sequence[str],
    box: str | None,
) -> Query:
    """The query of the options. Raises InputError where one cannot be read."""
    terms = [Term(text=text)] if text is not None else []
    if photo is not None:
        terms.append(photo_term(store, photo, box))
    elif box is not None:
        raise InputError("--box needs --photo.")
    terms += [_weighted(item, 1.0) for item in plus] + [_weighted(item, -1.0) for item in minus]
    query = Query(tuple(terms))
    query.check()
    return query


def photo_term(store: Store, photo: str, box: str | None = None) -> Term:
    """A photo of the store by its path there, else a file."""
    known = bool(store.vectors.get([photo]))
    if box is None and known:
        return Term(path=photo)
    image = store.read_photo(photo) if known else read_photo(from_home(photo))
    return Term(image=image if box is None else part_of(image, _box(box)))


def filters_of(folder: str, since: str | None, until: str | None, smallest: int | None, largest: int | None) -> Filters:
    """The filters of the options. Raises InputError where a day cannot be read."""
    return Filters(folder, _day(since), _day(until), smallest, largest)


def read_profile(path: Path) -> Taste:
    """The taste profile in a file. Raises InputError where it cannot be read, or holds something else."""
    try:
        with path.open("rb") as file:
            return read_taste(file.read(LARGEST + 1))
    except OSError as error:
        raise InputError(
            "The file {path} cannot be read: {reason}.", path=str(path), reason=reason(error, path)
        ) from error


def _weighted(written: str, sign: float) -> Term:
    result = WEIGHTED.fullmatch(written)
    return Term(text=result[2], weight=sign * float(result[1])) if result else Term(text=written, weight=sign)


def _day(written: str | None) -> float | None:
    if written is None:
        return None
    try:
        return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise InputError("{written} is not a day; write YYYY-MM-DD.", written=written) from error


def _box(written: str) -> tuple[float, float, float, float]:
    try:
        left, top, right, bottom = (float(number) for number in written.split(","))
    except ValueError as error:
        raise InputError(
            "A box is four numbers from 0 to 1: left, top, right, bottom, with left < right, top < bottom."
        ) from error
    return left, top, right, bottom
