"""People who sign in with a name and a password."""

import json
import stat
from pathlib import Path

import pytest

from vtviz.inputs import InputError
from vtviz.people.accounts import FILE, People

PASSWORD = "correct horse battery"


def test_a_person_signs_in_with_their_own_password_alone(tmp_path: Path) -> None:
    people = People(tmp_path)
    assert people.all() == [] and people.sign_in("ada", PASSWORD) is None
    people.add(" ada ", PASSWORD, "administrator")
    people.add("李雷", "另一个很长的密码123")
    signed = people.sign_in("ada", PASSWORD)
    assert signed is not None and (signed.name, signed.role) == ("ada", "administrator")
    assert people.sign_in("李雷", PASSWORD) is None and people.sign_in("nobody", PASSWORD) is None
    people.add("ada", "another password")
    changed = people.sign_in("ada", "another password")
    assert people.sign_in("ada", PASSWORD) is None and changed is not None and changed.role == "person"
    people.remove("ada")
    assert [person.name for person in people.all()] == ["李雷"]


def test_the_file_holds_no_password_and_is_private(tmp_path: Path) -> None:
    People(tmp_path).add("ada", PASSWORD)
    file = tmp_path / FILE
    assert PASSWORD not in file.read_text() and "$argon2id$" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "password"), [("", PASSWORD), ("a" * 81, PASSWORD), ("a\nb", PASSWORD), ("a", "short")]
)
def test_a_bad_name_or_a_short_password_is_refused(tmp_path: Path, name: str, password: str) -> None:
    with pytest.raises(InputError):
        People(tmp_path).add(name, password)
    assert not (tmp_path / FILE).exists()


def test_a_damaged_file_and_an_unknown_name_get_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nobody called ada"):
        People(tmp_path).remove("ada")
    for damaged in ("{", json.dumps([{"who": "ada"}]), json.dumps(3)):
        (tmp_path / FILE).write_text(damaged)
        with pytest.raises(InputError, match="damaged"):
            People(tmp_path).all()


def test_a_password_beyond_all_measure_is_refused_and_costs_nothing(tmp_path: Path) -> None:
    people = People(tmp_path)
    people.add("ada", PASSWORD)
    assert people.sign_in("ada", "x" * 10**7) is None and people.sign_in("ada", "\ud800" * 12) is None
    with pytest.raises(InputError, match="longer than 1000"):
        people.add("bob", "x" * 1001)
    assert [person.name for person in people.all()] == ["ada"]
