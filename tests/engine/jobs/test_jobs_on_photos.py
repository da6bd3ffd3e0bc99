"""Indexes, questions and policies in the background: what they make, what they resume, what they refuse."""

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.search.made import save_photo
from tests.tasks.search.qdrant_stub import QdrantStub
from vtviz.engine.cache import Kept
from vtviz.engine.jobs.indexes import IndexJobs
from vtviz.engine.jobs.lines import Lines
from vtviz.engine.jobs.policies import PolicyJobs
from vtviz.engine.jobs.questions import Answered, QuestionJobs, to_csv, to_json
from vtviz.engine.local import Bench
from vtviz.files import read_photo
from vtviz.inputs import InputError
from vtviz.jobs.background import Jobs
from vtviz.jobs.history import Entry, History
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.tasks.policy.check import score_rules
from vtviz.tasks.policy.policy import read_policy
from vtviz.tasks.search.store import NoStore, close_store, open_store
from vtviz.watch import Cancelled, Watch

POLICY = """
schema: vtviz.policy/1
name: Small
rules:
  - {name: dogs, photo: [a dog], threshold: 0.5, action: review}
  - {name: runners, photo: [a dog runs], words: [runs], threshold: 0.5, action: block}
"""


@pytest.fixture
def door(tiny: VtvizBase) -> Callable[[Any, Watch], Any]:
    bench = Bench("tiny", tiny.device, Kept(32), Kept(1))
    return lambda request, watch: request.answer(tiny, bench, watch)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed in range(3):
        save_photo(tmp_path / "photos" / f"{seed}.png", seed)
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"no photo")
    return tmp_path / "photos"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of a person."""
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def finished(jobs: Jobs, entry: Entry) -> Entry:
    for _ in range(1200):
        now = jobs.history.get(entry.id)
        if now is not None and now.state not in ("waiting", "running") and jobs.progress(entry.id) is None:
            return now
        time.sleep(0.02)
    raise AssertionError("the job did not end")


def test_an_index_has_a_store_until_it_is_removed(door: Any, photos: Path, own: Path) -> None:
    jobs = IndexJobs(own, door)
    entry = finished(jobs, jobs.start("mine", photos, "tiny"))
    assert entry.state == "done", entry.error
    result = jobs.result(entry.id)
    assert result is not None and (result.added, result.total) == (3, 3)
    assert [item.path for item in result.unreadable] == ["bad.jpg"] and result.unreadable[0].reason
    assert open_store(jobs.address(entry.id)).vectors.count() == 3
    (photos / "0.png").unlink()
    jobs.go_on(entry)
    finished(jobs, entry)
    again = jobs.result(entry.id)
    assert again is not None and (again.removed, again.unchanged) == (1, 2)
    jobs.remove(entry)
    with pytest.raises(NoStore):
        open_store(jobs.address(entry.id))
    assert (photos / "1.png").is_file() and jobs.result(entry.id) is None
    jobs.close()


def test_an_index_keeps_its_vectors_on_the_server_that_the_environment_names(
    door: Any, photos: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, jobs = QdrantStub(), IndexJobs(own, door)
    monkeypatch.setenv("VTVIZ_QDRANT", f"{stub.url}/")
    entry = finished(jobs, jobs.start("mine", photos, "tiny"))
    assert entry.state == "done", entry.error
    store = open_store(jobs.address(entry.id))
    (collection,) = [each.name for each in stub.local.get_collections().collections]
    assert store.about.vectors == f"{stub.url}/{collection}" and store.vectors.count() == 3
    assert store.thumbnail(store.get(["0.png"])[0].entry.sha256) and not (store.folder / "vectors").exists()
    close_store(store.address)
    monkeypatch.delenv("VTVIZ_QDRANT")
    assert open_store(jobs.address(entry.id)).vectors.count() == 3  # the store knows where they are
    jobs.history.expire(-1)
    assert not stub.local.get_collections().collections and not store.folder.exists()
    monkeypatch.setenv("VTVIZ_QDRANT", "qdrant:6333")
    assert "not http" in finished(jobs, jobs.start("mine", photos, "tiny")).error
    jobs.close()
    stub.close()


def test_a_folder_without_photos_is_refused_before_it_is_listed(door: Any, own: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    jobs, asked = IndexJobs(own, door), QuestionJobs(own, door)
    with pytest.raises(InputError, match="There are no photos in"):
        jobs.start("none", tmp_path / "none")
    with pytest.raises(InputError, match="There are no photos in"):
        asked.start(tmp_path / "none", "Is there a dog?")
    with pytest.raises(InputError, match="no words"):
        asked.start(tmp_path / "none", "?!")
    assert not jobs.history.all() and not asked.history.all()


def test_a_question_resumes_where_it_was_stopped(
    door: Any, photos: Path, own: Path, tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "unknown_words", lambda words: ())
    asked: list[str] = []

    def counting(request: Any, watch: Watch) -> Any:
        asked.append(request.image.sha256)
        if len(asked) == 2:
            raise Cancelled
        return door(request, watch)

    jobs = QuestionJobs(own, counting)
    entry = finished(jobs, jobs.start(photos, " a dog runs ", "tiny"))
    assert entry.state == "interrupted" and entry.name == "a dog runs"
    assert [row.photo for row in jobs.answers(entry.id)] == ["0.png"]
    jobs.go_on(entry)
    assert finished(jobs, entry).state == "done"
    rows = jobs.answers(entry.id)
    assert [row.photo for row in rows] == ["0.png", "1.png", "2.png", "bad.jpg"] and len(asked) == 4
    assert rows[3].error and rows[3].probability is None and rows[0].likeliest in ("yes", "no")
    table = list(csv.DictReader(io.StringIO(to_csv(rows).decode("utf-8-sig"))))
    assert table[0]["probability"] == f"{rows[0].probability:.4f}" and table[3]["error"] == rows[3].error
    assert json.loads(to_json("a dog runs", rows))["answers"][3]["photo"] == "bad.jpg"
    jobs.close()


def test_a_policy_is_measured_on_rows(door: Any, photos: Path, own: Path, tiny: VtvizBase) -> None:
    rows = [("0.png", "it runs", "dogs;runners"), ("1.png", "it sits", ""), ("bad.jpg", "", "dogs")]
    manifest = photos / "rows.csv"
    manifest.write_text("image,text,rules\n" + "".join(f"{','.join(row)}\n" for row in rows))
    jobs = PolicyJobs(own, door)
    with pytest.raises(InputError, match="lacks: dogs"):
        jobs.start("Small", POLICY.replace("name: dogs", "name: cats"), manifest)
    entry = finished(jobs, jobs.start("Small", POLICY, manifest))
    assert entry.state == "done", entry.error
    scored, policy = jobs.scored(entry), read_policy(POLICY.encode(), "Small")
    assert scored.wanted == (frozenset({"dogs", "runners"}), frozenset()) and list(scored.failed) == [3]
    for row, (name, text, _) in zip(scored.scores, rows, strict=False):
        features = tiny.encode_image(read_photo(photos / name))
        expected = [score.score for score in score_rules(tiny, policy.rules, features, text)]
        assert list(row) == pytest.approx(expected)
    dogs, runners = scored.figures(policy, 0.9)
    assert (dogs.rows, dogs.positives, runners.positives) == (2, 1, 1) and runners.roc_auc == 1.0
    jobs.go_on(entry)
    finished(jobs, entry)
    assert jobs.scored(entry) == scored  # nothing is scored twice
    jobs.close()


def test_a_torn_line_is_left_out_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "in" / "a.jsonl")
    assert lines.read() == []
    lines.add({"a": 1})
    with lines.file.open("a") as file:
        file.write('{"a": ')
    lines.add({"a": 3})
    assert lines.read() == [{"a": 1}, {"a": 3}]


def test_answers_of_another_form_are_left_out(door: Any, tmp_path: Path) -> None:
    jobs = QuestionJobs(tmp_path, door)
    entry = History(tmp_path, "questions").add("q", tmp_path, "{}")
    Lines(jobs.history.folder_of(entry.id) / "answers.jsonl").add({"photo": "a", "surprise": 1})
    assert jobs.answers(entry.id) == []
    assert to_csv([Answered("=a,b")]).decode("utf-8-sig").splitlines()[1].startswith('"=a,b"')


def test_where_others_files_lie_on_this_machine_too_only_uploads_are_read(
    own: Path, photos: Path, door: Callable[[Any, Watch], Any], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="upload it too"):
        IndexJobs(own, door, confined=True).start("theirs", photos)
    with pytest.raises(InputError, match="upload it too"):
        QuestionJobs(own, door, confined=True).start(photos, "is it a dog?")
    upload = own / "uploads" / "1"
    upload.mkdir(parents=True)
    (upload / "rows.csv").write_text(f"image,rules\n{photos / '0.png'},dogs\n")
    with pytest.raises(InputError, match="upload it too"):
        PolicyJobs(own, door, confined=True).start("Small", POLICY, upload / "rows.csv")
