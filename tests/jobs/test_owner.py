"""Whether the process of a job still runs is told by a lock, not by its id."""

import subprocess
import sys
from pathlib import Path

from vtviz.jobs.history import History
from vtviz.jobs.owner import is_alive, this_process

CHILD = """
import sys
from pathlib import Path
from vtviz.jobs.history import History
entry = History(Path(sys.argv[1])).add("theirs", Path("m.csv"), "{}")
print(entry.id, flush=True)
sys.stdin.readline()
"""


def test_this_process_is_alive_and_one_that_never_was_is_not(tmp_path: Path) -> None:
    assert this_process(tmp_path) == this_process(tmp_path) and is_alive(tmp_path, this_process(tmp_path))
    assert not is_alive(tmp_path, "0" * 16) and not is_alive(tmp_path, "4194305")


def test_a_job_of_another_process_is_open_until_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        number = int(child.stdout.readline())
        entry = History(tmp_path).get(number)
        assert entry is not None and entry.state == "waiting"
        child.kill()
    entry = History(tmp_path).get(number)
    assert entry is not None and entry.state == "interrupted"


def test_a_job_that_this_process_should_run_but_does_not_is_interrupted(tmp_path: Path) -> None:
    history = History(tmp_path)
    mine, lost = (history.add(name, tmp_path / "m.csv", "{}") for name in ("mine", "lost"))
    history.mark(lost.id, "running")
    history.runs_here = lambda number: number == mine.id
    assert {entry.name: entry.state for entry in history.all()} == {"mine": "waiting", "lost": "interrupted"}


def test_deleting_a_job_deletes_its_files_and_what_was_uploaded_for_it(tmp_path: Path) -> None:
    history = History(tmp_path)
    uploaded = tmp_path / "uploads" / "abc"
    uploaded.mkdir(parents=True)
    (uploaded / "manifest.csv").write_text("image,text\n")
    (tmp_path / "mine.csv").write_text("image,text\n")
    one = history.add("one", uploaded / "manifest.csv", "{}")
    other = history.add("other", tmp_path / "mine.csv", "{}")
    for entry in (one, other):
        history.folder_of(entry.id).mkdir(parents=True)
        (history.folder_of(entry.id) / "report.json").write_text("{}")
        history.remove(entry)
    assert not history.all() and not uploaded.exists() and (tmp_path / "mine.csv").exists()
    assert not history.folder_of(one.id).exists() and not history.folder_of(other.id).exists()
