"""An index follows its folder, whatever happens on the way."""

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tasks.search import made
from tests.tasks.search.made import WEIGHTS, encode, index, save_photo
from vtviz.inputs import InputError
from vtviz.tasks.search.index import index_folder
from vtviz.tasks.search.store import NoStore, close_store, open_store
from vtviz.watch import Cancelled, Progress, Watch


def paths(store: Path | str) -> list[str]:
    return sorted(entry.path for entry in open_store(str(store)).vectors.entries())


def files_of(store: Path) -> int:
    return sum(1 for _ in (store / "parts").rglob("*.*"))


def test_an_index_holds_every_photo_with_its_vector_parts_and_thumbnail(folder: Path, address: str) -> None:
    done = index(folder, address)
    assert (done.added, done.changed, done.removed, done.unchanged, done.unreadable) == (5, 0, 0, 0, ())
    assert paths(address) == ["a.png", "b.png", "hills/e.png", "sea/c.png", "sea/deep/d.png"]
    store = open_store(address)
    near = store.get(["sea/c.png"])[0]
    image = store.read_photo("sea/c.png")
    np.testing.assert_allclose(near.vector, encode([image]).vectors[0], atol=1e-5)
    assert near.entry.folders == ["sea"] and (near.entry.width, near.entry.height) == (64, 48)
    parts = store.kept.read([near.entry.sha256])["local"]
    np.testing.assert_allclose(parts.numpy().ravel(), near.vector, atol=0.01)
    assert store.thumbnail(near.entry.sha256).startswith(b"\xff\xd8")


def test_a_second_index_does_what_changed_and_no_more(
    folder: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(folder, address)
    encoded: list[int] = []
    monkeypatch.setattr(made, "encode", lambda images: (encoded.append(len(images)), encode(images))[1])
    again = index(folder, address)
    assert (again.added, again.changed, again.removed, again.unchanged, encoded) == (0, 0, 0, 5, [])
    save_photo(folder / "a.png", 77)  # another picture
    (folder / "b.png").rename(folder / "hills" / "b2.png")  # the same under another name
    (folder / "sea" / "c.png").unlink()
    os.utime(folder / "hills" / "e.png", (1e9, 1e9))  # touched only
    save_photo(folder / "new.png", 78)
    done = index(folder, address)
    assert (done.added, done.moved, done.changed, done.removed, done.unchanged) == (2, 1, 2, 2, 1)
    assert sum(encoded) == 2  # a.png and new.png alone
    assert paths(address) == ["a.png", "hills/b2.png", "hills/e.png", "new.png", "sea/deep/d.png"]
    image = open_store(address).read_photo("a.png")
    np.testing.assert_allclose(open_store(address).get(["a.png"])[0].vector, encode([image]).vectors[0], atol=1e-5)


def test_large_photos_are_encoded_few_at_a_time(
    folder: Path, store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_photo(folder / "large.png", 9, (200, 200))
    monkeypatch.setattr("vtviz.tasks.search.index.BATCH_PIXELS", 3 * 64 * 48)
    encoded: list[int] = []
    monkeypatch.setattr(
        made, "encode", lambda images: (encoded.append(sum(i.pixels.size for i in images)), encode(images))[1]
    )
    assert index(folder, store_folder).added == 6
    assert sorted(encoded)[-1] == 3 * 200 * 200 and sum(encoded) == 3 * (64 * 64 + 200 * 200 + 5 * 64 * 48)
    assert all(size <= 3 * 3 * 64 * 48 for size in sorted(encoded)[:-1])


def test_what_is_forgotten_leaves_no_files(folder: Path, store_folder: Path) -> None:
    index(folder, store_folder)
    assert files_of(store_folder) == 10
    shutil.copy(folder / "a.png", folder / "copy.png")
    (folder / "b.png").unlink()
    index(folder, store_folder)
    assert files_of(store_folder) == 8  # equal photos share theirs
    (folder / "a.png").unlink()
    index(folder, store_folder)
    assert files_of(store_folder) == 8 and "copy.png" in paths(store_folder)


def test_unreadable_files_are_listed_with_their_reason(folder: Path, store_folder: Path) -> None:
    (folder / "empty.jpg").touch()
    (folder / "text.png").write_text("this is no picture")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:60])
    (folder / "notes.txt").write_text("no photo at all")
    done = index(folder, store_folder)
    reasons = {item.path: item.reason for item in done.unreadable}
    assert list(reasons) == ["cut.png", "empty.jpg", "text.png"]
    assert "damaged" in reasons["cut.png"] and "empty" in reasons["empty.jpg"] and "not a JPEG" in reasons["text.png"]
    assert done.added == 5 and len(paths(store_folder)) == 5
    (folder / "a.png").write_bytes(b"broken since")
    assert index(folder, store_folder).removed == 1 and "a.png" not in paths(store_folder)


def test_progress_counts_photos_and_says_how_fast(
    folder: Path, store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtviz.tasks.search.index.BATCH", 2)
    heard: list[Progress] = []
    index(folder, store_folder, Watch(heard.append))
    assert [now.done for now in heard] == [0, 2, 4, 5] and all(now.total == 5 for now in heard)
    assert heard[1].note.endswith("photos/s") and heard[1].seconds_left is not None


def test_who_cancels_keeps_what_was_done(folder: Path, store_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtviz.tasks.search.index.BATCH", 2)
    heard: list[Progress] = []
    with pytest.raises(Cancelled):
        index(folder, store_folder, Watch(heard.append, lambda: bool(heard) and heard[-1].done >= 2))
    assert len(paths(store_folder)) == 2
    done = index(folder, store_folder)
    assert (done.added, done.unchanged) == (3, 2)


def test_large_photos_are_encoded_a_few_at_a_time(
    folder: Path, store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr("vtviz.tasks.search.index.BATCH_PIXELS", 64 * 48 * 2)
    monkeypatch.setattr(made, "encode", lambda images: (sizes.append(len(images)), encode(images))[1])
    index(folder, store_folder)
    assert sizes[1:] == [2, 2, 1]  # after the grey picture that tells the width


def test_a_zip_file_is_indexed_as_it_is(folder: Path, store_folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as made_zip:
        for path in folder.rglob("*.png"):
            made_zip.write(path, path.relative_to(folder))
        made_zip.writestr("__MACOSX/._a.png", b"rubbish")
        undated = zipfile.ZipInfo("undated.png")
        undated.date_time = (1980, 0, 0, 0, 0, 0)
        made_zip.writestr(undated, (folder / "a.png").read_bytes())
    done = index(archive, store_folder)
    assert done.added == 6 and done.unreadable == ()
    assert paths(store_folder)[0] == "a.png" and open_store(str(store_folder)).read_photo("a.png").width == 64
    assert index(archive, store_folder).unchanged == 6


def test_a_store_inside_the_folder_does_not_index_itself(folder: Path) -> None:
    store = folder / "store"
    index(folder, store)
    assert index(folder, store).unchanged == 5
    close_store(str(store))


def test_hidden_files_are_left_out(folder: Path, store_folder: Path) -> None:
    save_photo(folder / ".trash" / "x.png", 9)
    save_photo(folder / ".y.png", 10)
    assert index(folder, store_folder).added == 5


def test_what_cannot_be_looked_at_is_listed_and_not_forgotten(
    folder: Path, store_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.open(folder / "a.png").save(folder / "sea" / "phone.HEIF.avif", "AVIF")
    assert index(folder, store_folder).added == 6
    (folder / "link").symlink_to(tmp_path)
    (folder / "nowhere.jpg").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "hills" / "e.png").unlink()
    scandir = os.scandir

    def refusing(path: str) -> object:
        if Path(path).name == "sea":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr("os.scandir", refusing)
    done = index(folder, store_folder)
    reasons = {item.path: item.reason for item in done.unreadable}
    assert set(reasons) == {"link", "nowhere.jpg", "pipe.jpg", "sea"} and "Permission denied" in reasons["sea"]
    assert (done.removed, done.unchanged, done.total) == (1, 5, 5) == (1, 5, len(paths(store_folder)))


def test_an_empty_folder_does_not_empty_a_store(folder: Path, store_folder: Path) -> None:
    index(folder, store_folder)
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(InputError, match="There are no photos in"):
        index(folder, store_folder)
    assert len(paths(store_folder)) == 5


def test_missing_parts_are_made_again(folder: Path, store_folder: Path) -> None:
    index(folder, store_folder)
    next((store_folder / "parts").rglob("*.safetensors")).unlink()
    done = index(folder, store_folder)
    assert (done.changed, done.unchanged) == (1, 4) and files_of(store_folder) == 10


def test_a_store_belongs_to_one_folder_and_one_model(folder: Path, store_folder: Path, tmp_path: Path) -> None:
    index(folder, store_folder)
    other = save_photo(tmp_path / "other" / "a.png", 1).parent
    with pytest.raises(InputError, match="holds the photos of"):
        index(other, store_folder)
    with pytest.raises(InputError, match="made with made and other weights"):
        index_folder(folder, str(store_folder), "made", "b" * 64, encode)
    with pytest.raises(InputError, match="other weights"):
        open_store(str(store_folder)).check("b" * 64)
    open_store(str(store_folder)).check(WEIGHTS)


def test_other_folders_are_not_taken_for_stores(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not empty and not a store"):
        index(folder, folder)
    with pytest.raises(NoStore, match="index a folder first"):
        open_store(str(tmp_path / "none"))
    with pytest.raises(InputError, match="is neither a folder nor a zip file"):
        index(folder / "a.png", tmp_path / "s")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        index(tmp_path / "gone", tmp_path / "s")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "store.json").write_text("{}")
    with pytest.raises(InputError, match="cannot be read; index the folder again"):
        open_store(str(broken))


def test_the_day_that_the_camera_wrote_counts(folder: Path, store_folder: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2020:03:04 05:06:07"
    Image.new("RGB", (40, 30), "red").save(folder / "dated.jpg", exif=exif)
    nonsense = Image.Exif()
    nonsense.get_ifd(0x8769)[0x9003] = "0000:00:00 00:00:00"
    Image.new("RGB", (40, 31), "red").save(folder / "undated.jpg", exif=nonsense)
    os.utime(folder / "undated.jpg", (1.5e9, 1.5e9))
    index(folder, store_folder)
    dated, undated = open_store(str(store_folder)).get(["dated.jpg", "undated.jpg"])
    assert dated.entry.taken == 1583298367.0 and undated.entry.taken == 1.5e9
