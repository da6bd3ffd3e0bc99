"""The people of a small team, who sign in with a name and a password: a file with argon2 hashes.

Larger teams sign in through their own provider (OpenID Connect), which Streamlit does.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vtviz.files import JSON_BYTES, parse_json, read_bytes, write_atomically
from vtviz.inputs import InputError

FILE = "people.json"
SHORTEST = 10  # characters of a password
LONGEST_NAME, LONGEST_PASSWORD = 80, 1000

Role = Literal["person", "administrator"]


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in; an administrator also sees how much space each person takes, but no contents."""

    name: str
    role: Role = "person"
    hash: str = ""


class People:
    """Those listed in ``people.json`` of a folder.

    Every call raises InputError where the file is damaged or cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self._hasher, self._lock = PasswordHasher(), threading.Lock()

    def all(self) -> list[Person]:
        """Everybody, by name."""
        if not self.file.is_file():
            return []
        try:
            rows = parse_json(read_bytes(self.file, JSON_BYTES).decode())
            return [Person(**{name: str(value) for name, value in row.items()}) for row in rows]  # type: ignore[arg-type]
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise InputError("The list of people {file} is damaged; restore it.", file=self.file.name) from error

    def add(self, name: str, password: str, role: Role = "person") -> None:
        """Adds a person, or gives them another password and role.

        Raises:
            InputError: if the name is empty or long, or the password is short.
        """
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise InputError("Choose a name of 1 to {limit} characters.", limit=LONGEST_NAME)
        if len(password) < SHORTEST:
            raise InputError("The password is shorter than {limit} characters; choose a longer one.", limit=SHORTEST)
        if len(password) > LONGEST_PASSWORD:
            raise InputError(
                "The password is longer than {limit} characters; choose a shorter one.", limit=LONGEST_PASSWORD
            )
        with self._lock:
            others = [person for person in self.all() if person.name != name]
            self._write([*others, Person(name, role, self._hasher.hash(password))])

    def remove(self, name: str) -> None:
        """Lets a person sign in no more. Raises InputError where there is none of this name."""
        with self._lock:
            everybody = self.all()
            others = [person for person in everybody if person.name != name]
            if len(others) == len(everybody):
                raise InputError("There is nobody called {name}.", name=name)
            self._write(others)

    def sign_in(self, name: str, password: str) -> Person | None:
        """The person with this name and password, or None; it takes as long where there is nobody of this name."""
        person = next((each for each in self.all() if each.name == name.strip()), None)
        if len(password) > LONGEST_PASSWORD:
            return None
        try:
            with _one_by_one:
                self._hasher.verify(person.hash if person else _NOBODY, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return None
        return person

    def _write(self, people: list[Person]) -> None:
        rows = [asdict(person) for person in sorted(people, key=lambda person: person.name)]
        os.umask(0o077)  # as everything that a server for several people writes
        write_atomically(self.file, (json.dumps(rows, ensure_ascii=False, indent=2) + "\n").encode())
        self.file.chmod(0o600)


_one_by_one = threading.Lock()  # each takes 64 MB and much of the processor, and anybody may ask for it
_NOBODY = PasswordHasher().hash("nobody's")
