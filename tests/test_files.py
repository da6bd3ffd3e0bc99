"""Files written whole or not at all; photos in files."""

import os
from pathlib import Path

import pytest

from vtviz.files import address, from_home, is_number, is_text, make_folder, parse_json, read_photo, write_atomically
from vtviz.inputs import MAX_BYTES, InputError
from vtviz.paths import ASSETS


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    file.write_bytes(b"old")
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new" and list(tmp_path.iterdir()) == [file]


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_atomically(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_keeps_the_old_content_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "figures.json"
    file.write_bytes(b"old")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]


def test_two_writers_use_different_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources: list[Path] = []
    replace = os.replace

    def noted(source: Path, target: Path) -> None:
        sources.append(source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", noted)
    for _ in range(2):
        write_atomically(tmp_path / "file", b"")
    assert sources[0] != sources[1] and {source.parent for source in sources} == {tmp_path}


def test_a_photo_is_read_or_named_with_the_reason(tmp_path: Path) -> None:
    assert read_photo(ASSETS / "samples" / "chelsea.jpg").width > 0
    with pytest.raises(InputError) as caught:
        read_photo(tmp_path / "none.jpg")
    assert str(caught.value) == f"The photo {tmp_path / 'none.jpg'} cannot be read: No such file or directory."
    with pytest.raises(InputError, match=r"The photo none\.jpg cannot be read: No such file or directory\."):
        read_photo(tmp_path / "none.jpg", "none.jpg")
    (tmp_path / "text.jpg").write_bytes(b"text")
    with pytest.raises(InputError, match="not a JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP image"):
        read_photo(tmp_path / "text.jpg")


def test_a_folder_is_made_or_named_with_the_reason(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"The folder .*file.c cannot be created: Not a directory\."):
        make_folder(tmp_path / "file" / "c")


def test_a_photo_is_read_no_further_than_it_may_be_long(tmp_path: Path) -> None:
    with (tmp_path / "long.jpg").open("wb") as file:
        file.truncate(MAX_BYTES * 1000)  # a hole: it takes no space
    with pytest.raises(InputError, match="larger than"):
        read_photo(tmp_path / "long.jpg")


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("https://example.org/a.jpg?x=1", "https://example.org/a.jpg?x=1"),
        ("/data/HTTP://example.org/a.jpg", "HTTP://example.org/a.jpg"),
        ("file:///home/a.jpg", "file:///home/a.jpg"),
        ("s3://bucket/a.jpg", "s3://bucket/a.jpg"),
        ("/data/a.jpg", None),
        ("C:/photos/a.jpg", None),
        ("profile:/a.jpg", None),
        ("12:30 http: a.jpg", None),
    ],
)
def test_an_address_in_place_of_a_path_is_known(path: str, written: str | None) -> None:
    assert address(Path(path)) == written


def test_a_path_that_exists_is_read_whatever_it_looks_like(tmp_path: Path) -> None:
    for name in ("~", "http:", "a\\b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.jpg").write_bytes((ASSETS / "samples" / "chelsea.jpg").read_bytes())
        assert read_photo(tmp_path / name / "c.jpg").width > 0


def test_the_home_folder_is_written_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert from_home("~/a.jpg") == Path("/home/me/a.jpg") and from_home("a~/b") == Path("a~/b")
    assert from_home("~nobody-at-all/a.jpg") == Path("~nobody-at-all/a.jpg")


@pytest.mark.parametrize("text", ["", "{", "NaN", "[-Infinity]", "[" * 10**5, "9" * 5000])
def test_what_is_not_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


def test_numbers_and_texts_of_json() -> None:
    values = ["1e3", "-2", "1e999", "1" + "0" * 400, "true", '"1"', "null"]
    assert [is_number(parse_json(value)) for value in values] == [True, True, False, False, False, False, False]
    assert is_text(parse_json('"\\ud83d\\ude00"')) and not is_text(parse_json('"\\ud83d"')) and not is_text(1)
