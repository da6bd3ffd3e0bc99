"""What one person may have on a server that several use, and for how long it is kept."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vtviz.inputs import InputError
from vtviz.jobs.background import Jobs
from vtviz.jobs.history import DAY, UPLOADS, Entry, History
from vtviz.jobs.limits import HOUR, Limits, UploadRoom
from vtviz.jobs.retention import expire, keep_expiring
from vtviz.watch import Watch


class Waiting(Jobs):
    """Jobs that last until they are let go."""

    let_go = threading.Event()

    def start(self, name: str = "one") -> Entry:
        self.need_room()
        entry = self.history.add(name, self.history.folder / "m.csv", "{}")
        self.submit(entry, "en")
        return entry

    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        self.let_go.wait(20)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Waiting]:
    Waiting.let_go.clear()
    jobs = Waiting(History(tmp_path), Limits(jobs=2, megabytes=1, uploads=2))
    yield jobs
    Waiting.let_go.set()
    jobs.close()


def write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))


def test_a_third_job_waits_for_the_person_not_in_the_queue(jobs: Waiting) -> None:
    first, second = jobs.start(), jobs.start()
    with pytest.raises(InputError, match=r"^2 jobs of yours are on their way already; wait for one, or cancel it\.$"):
        jobs.start()
    assert len(jobs.history.all()) == 2
    jobs.let_go.set()
    for _ in range(200):
        if all(entry.state == "done" for entry in jobs.history.all()):
            break
        time.sleep(0.05)
    third = jobs.start()
    assert {first.id, second.id, third.id} == {entry.id for entry in jobs.history.all()}


def test_a_job_that_goes_on_counts_too(jobs: Waiting) -> None:
    old = jobs.history.add("old", Path("m.csv"), "{}")
    jobs.history.mark(old.id, "cancelled")
    jobs.start()
    jobs.start()
    with pytest.raises(InputError, match="on their way already"):
        jobs.go_on(old)
    assert (kept := jobs.history.get(old.id)) is not None and kept.state == "cancelled"


def test_a_full_share_of_the_disk_is_said_and_deleting_makes_room(jobs: Waiting, tmp_path: Path) -> None:
    old = jobs.history.add("old", tmp_path / "m.csv", "{}")
    jobs.history.mark(old.id, "done")
    write(jobs.history.folder_of(old.id) / "rows.parquet", 2**20)
    with pytest.raises(InputError, match=r"^Your files have reached 1 MB, which is all you may keep here; delete"):
        jobs.start()
    jobs.remove(old)
    jobs.start()


def test_where_all_is_ones_own_there_are_no_limits(tmp_path: Path) -> None:
    write(tmp_path / "large", 3 * 2**20)
    jobs = Waiting(History(tmp_path))
    Waiting.let_go.set()
    for _ in range(5):
        jobs.start()
    jobs.close()
    for _ in range(5):
        with UploadRoom(tmp_path).take(2**40):
            pass


def test_uploads_of_an_hour_are_counted_even_where_they_were_deleted(tmp_path: Path) -> None:
    room = UploadRoom(tmp_path, Limits(uploads=2))
    for _ in range(2):
        with room.take(5) as folder:
            write(folder / "m.csv", 5)
        history = History(tmp_path)
        history.remove(history.add("one", folder / "m.csv", "{}"))
        assert not folder.exists()
    with pytest.raises(InputError, match=r"^You have uploaded 2 times in the last hour; wait a while\.$"), room.take(5):
        raise AssertionError


def test_uploads_before_a_restart_count_and_those_of_yesterday_do_not(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path / UPLOADS / name / "m.csv", 1)
    for name in ("a", "b"):
        os.utime(tmp_path / UPLOADS / name, (0, time.time() - HOUR - 5))
    room = UploadRoom(tmp_path, Limits(uploads=2))
    with room.take(1):
        pass
    with pytest.raises(InputError, match="uploaded 2 times"), room.take(1):
        raise AssertionError


def test_an_upload_larger_than_the_room_left_is_refused_before_it_is_written(tmp_path: Path) -> None:
    room = UploadRoom(tmp_path, Limits(megabytes=1))
    write(tmp_path / "large", 2**19)
    with room.take(2**18):
        pass
    with pytest.raises(InputError, match="have reached 1 MB"), room.take(2**19):
        raise AssertionError


def test_uploads_at_once_share_the_room(tmp_path: Path) -> None:
    room = UploadRoom(tmp_path, Limits(megabytes=1))
    with room.take(2**19), pytest.raises(InputError, match="have reached 1 MB"), room.take(2**19):
        raise AssertionError
    with room.take(2**20 - 1):
        pass


def test_an_upload_that_came_to_nothing_leaves_nothing(tmp_path: Path) -> None:
    room = UploadRoom(tmp_path)
    with pytest.raises(InputError), room.take(5) as folder:
        write(folder / "photos" / "a.jpg", 5)
        raise InputError("The manifest has no rows; add at least one.")
    assert list((tmp_path / UPLOADS).glob("*")) == []


def test_an_upload_of_several_jobs_stays_until_the_last_is_deleted(tmp_path: Path) -> None:
    history, folder = History(tmp_path, "evaluations"), tmp_path / UPLOADS / "abc"
    write(folder / "m.csv", 5)
    one, two = (history.add(name, folder / "m.csv", "{}") for name in ("one", "two"))
    history.remove(one)
    assert folder.exists()
    history.remove(two)
    assert not folder.exists()


def test_the_folder_of_a_data_set_is_an_upload_too_and_others_are_left_alone(tmp_path: Path) -> None:
    history = History(tmp_path, "trainings")
    mine, own = tmp_path / UPLOADS / "abc", tmp_path / "own"
    for folder in (mine, own):
        write(folder / "train.jsonl", 5)
    for path in (mine, own, tmp_path / UPLOADS, tmp_path / UPLOADS / ".." / "own", Path("scenes")):
        history.remove(history.add("one", path, "{}"))
    assert not mine.exists() and (own / "train.jsonl").exists()


def old_job(history: History, days: float, state: str, upload: str) -> Entry:
    entry = history.add("old", history.folder / UPLOADS / upload / "m.csv", "{}")
    history.mark(entry.id, state)  # type: ignore[arg-type]
    with history._open() as database:
        database.execute(f"UPDATE {history.kind} SET created = ? WHERE id = ?", (time.time() - days * DAY, entry.id))
    for place in (history.folder / UPLOADS / upload, history.folder_of(entry.id)):
        write(place / "file", 9)
        os.utime(place, (0, time.time() - days * DAY))
    return entry


def test_what_is_older_than_it_is_kept_is_deleted_with_its_files(tmp_path: Path) -> None:
    audits, trainings = History(tmp_path), History(tmp_path, "trainings")
    for history, name in ((audits, "a"), (trainings, "t")):
        for days in (1.0, 9.0):
            for state in ("done", "running", "failed"):
                old_job(history, days, state, f"{name}{days:.0f}{state}")
    for name, days in (("orphan", 9.0), ("new", 1.0)):
        write(tmp_path / UPLOADS / name / "file", 9)
        os.utime(tmp_path / UPLOADS / name, (0, time.time() - days * DAY))
    expire(tmp_path, days=7)
    kept = {
        f"{name}{days}{state}"
        for name in "at"
        for days, state in ((1, "done"), (1, "running"), (1, "failed"), (9, "running"))
    }
    assert {place.name for place in (tmp_path / UPLOADS).iterdir()} == {*kept, "new"}
    for history in (audits, trainings):
        assert len(history.all()) == len(list((tmp_path / history.kind).iterdir())) == 4


def test_retention_goes_on_by_itself_and_past_a_damaged_list(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder in (good, bad):
        folder.mkdir()
    (bad / "audits.sqlite").write_bytes(b"no database" * 99)
    entry = old_job(History(good), 9.0, "done", "x")
    keep_expiring(lambda: (bad, good), days=7)
    for _ in range(200):
        if History(good).get(entry.id) is None and not (good / UPLOADS / "x").exists():  # the files go last
            break
        time.sleep(0.05)
    assert History(good).get(entry.id) is None and not (good / UPLOADS / "x").exists()


def test_jobs_of_a_server_for_others_read_only_what_was_uploaded(tmp_path: Path) -> None:
    mine, theirs = (tmp_path / name / UPLOADS / "x" for name in ("mine", "theirs"))
    for folder in (mine, theirs):
        write(folder / "m.csv", 1)
        write(folder / "photos" / "a.jpg", 1)
    (mine / "link.jpg").symlink_to(theirs / "photos" / "a.jpg")
    jobs = Waiting(History(tmp_path / "mine"), confined=True)
    jobs.check_files(mine / "m.csv", [mine / "photos" / "a.jpg", mine / "none.jpg"])
    outside = (
        theirs / "photos" / "a.jpg",
        theirs / "none.jpg",
        mine / ".." / "y.jpg",
        mine / "link.jpg",
        Path("/etc/x"),
    )
    for path in outside:
        with pytest.raises(InputError, match="lies outside what was uploaded"):
            jobs.check_files(mine / "m.csv", [path])
    for source in (theirs / "m.csv", mine / ".." / ".." / "audits.sqlite"):
        with pytest.raises(InputError, match="lies outside what was uploaded"):
            jobs.check_files(source, [])
    Waiting(History(tmp_path / "mine")).check_files(theirs / "m.csv", [Path("/etc/x")])
    jobs.close()
