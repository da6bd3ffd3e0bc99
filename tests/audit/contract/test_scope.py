"""Scopes: what is filled in, what is missing, what is refused."""

from pathlib import Path

import pytest

from vtviz.audit.contract.scope import read_scope, scope_toml
from vtviz.inputs import InputError


def test_a_scope_says_what_is_missing(tmp_path: Path) -> None:
    text = 'system = "Photo search"\nusers = ["editors", " librarians "]\ndate = 2026-11-28\npurpose = "  "\n'
    (tmp_path / "scope.toml").write_text(text)
    scope = read_scope(tmp_path / "scope.toml")
    assert scope.fields == {"system": "Photo search", "users": "editors; librarians", "date": "2026-11-28"}
    assert scope.missing == ["provider", "version", "purpose", "misuse", "responsible"]
    assert scope.written.data == text.encode() and len(scope.to_dict()["sha256"]) == 64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("system = ", "is not valid TOML"),
        ("sytem = 'x'", "a field sytem that vtviz does not know"),
        ("system = true", "must be text"),
        ("[system]\nx = 1", "must be text"),
        (f"system = '{'x' * 5001}'", "longer than 5000 characters"),
        ("system = '\udce9'", "is not valid TOML"),
    ],
)
def test_what_is_no_scope_gets_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "scope.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=message):
        read_scope(tmp_path / "scope.toml")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_scope(tmp_path / "none.toml")


def test_what_a_person_fills_in_is_read_back(tmp_path: Path) -> None:
    odd = 'a "b" \\ c\n#d = 1\x7f\t狗'
    (tmp_path / "scope.toml").write_bytes(scope_toml({"system": odd, "users": " ", "provider": " P "}))
    assert read_scope(tmp_path / "scope.toml").fields == {"system": odd, "provider": "P"}
